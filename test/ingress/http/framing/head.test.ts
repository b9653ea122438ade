import { describe } from 'vitest';
import {
  ACCEPTED,
  ACCEPTED_LAST,
  answered,
  AUTHORIZATION,
  EVENT,
  framingCases,
  get,
  head,
  HEAD_TOO_LARGE,
  LENGTH,
  post,
  REFUSED,
  REJECTED,
  REQUEST_LINE,
  WAITS,
} from './framing-cases.js';

const withHeader = (line: string) => head(line, LENGTH) + EVENT;
const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('header lines', () => {
  framingCases([
    ['with an empty value', withHeader('X:'), ACCEPTED],
    ['with a tab in the value', withHeader('X: a\tb'), ACCEPTED],
    ['with Latin-1 in the value', latin1(withHeader('X: \xe9')), ACCEPTED],
    ['with Latin-1 in the name', latin1(withHeader('X\xe9: a')), REJECTED],
    ['that end with bare LF', post().replaceAll('\r\n', '\n'), REJECTED],
    ['of which one ends with bare LF', withHeader('X: y\nY: z'), REJECTED],
    ['whose last ends with bare LF', post().replace('\r\n\r\n', '\r\n\n'), REJECTED],
    ['that end with bare CR', post().replaceAll('\r\n', '\r'), REJECTED],
    ['with bare CR in the value', withHeader('X: y\rz'), WAITS],
    ['folded with a blank', withHeader('X: y\r\n z'), REJECTED],
    ['folded with a tab', withHeader('X: y\r\n\tz'), REJECTED],
    ['folded around the length', head(`Content-Length:\r\n ${EVENT.length}`) + EVENT, REJECTED],
    ['of which the first begins with a blank', post().replace('Host', ' Host'), REJECTED],
    ['with NUL in the value', withHeader('X: a\0b'), REJECTED],
    ['with NUL in the name', withHeader('X\0: a'), REJECTED],
    ['with a control character in the value', withHeader('X: a\x01b'), REJECTED],
    ['with a control character in the name', withHeader('X\x01: a'), REJECTED],
    ['with an escape in the value', withHeader('X: \x1b[2J'), REJECTED],
    ['with a blank before the colon', withHeader('X : a'), REJECTED],
    ['with a tab before the colon', withHeader('X\t: a'), REJECTED],
    ['with a blank in the name', withHeader('X Y: a'), REJECTED],
    ['without a colon', withHeader('Xa'), REJECTED],
    ['with NUL in the token', post().replace(AUTHORIZATION, `${AUTHORIZATION}\0`), REJECTED],
    ['with a second, wrong token: the first counts', withHeader('Authorization: Bearer wrong'), ACCEPTED],
    ['with another method in them', withHeader('X-HTTP-Method-Override: GET'), ACCEPTED],
    ['50 more', head(...Array.from({ length: 50 }, (_, n) => `X-${n}: y`), LENGTH) + EVENT, ACCEPTED],
    ['1,000 more', head(...Array.from({ length: 1_000 }, (_, n) => `X-${n}: y`), LENGTH) + EVENT, REJECTED],
    ['100,000 more', head(...Array.from({ length: 100_000 }, (_, n) => `X-${n}: y`), LENGTH) + EVENT, REJECTED],
    ['of which one is huge', withHeader(`X: ${'a'.repeat(20_000)}`), HEAD_TOO_LARGE],
    ['of which one is enormous', withHeader(`X: ${'a'.repeat(2_000_000)}`), REJECTED],
    ['of which one has a huge name', withHeader(`${'X'.repeat(20_000)}: a`), HEAD_TOO_LARGE],
  ]);
});

describe('Host', () => {
  framingCases([
    ['missing', `${REQUEST_LINE}\r\n${AUTHORIZATION}\r\n${LENGTH}\r\n\r\n${EVENT}`, REJECTED],
    ['twice', withHeader('Host: y'), REJECTED],
    ['twice, equal', withHeader('Host: x'), REJECTED],
    ['empty', post().replace('Host: x', 'Host:'), ACCEPTED],
  ]);
});

const withTarget = (target: string) => post().replace('/v1/webhooks/pathors', target);
const withVersion = (version: string) => post().replace('HTTP/1.1', version);
const withMethod = (method: string) => post().replace('POST', method);

describe('the request line', () => {
  framingCases([
    ['with a query', withTarget('/v1/webhooks/pathors?a=b'), ACCEPTED],
    ['with a fragment', withTarget('/v1/webhooks/pathors#a'), answered(404)],
    ['with dots in the path', withTarget('/x/../v1/webhooks/pathors'), answered(404)],
    ['with two slashes', withTarget('//v1/webhooks/pathors'), answered(404)],
    ['with an escaped path', withTarget('/%761/webhooks/pathors'), answered(404)],
    ['in absolute form', withTarget('http://x/v1/webhooks/pathors'), REJECTED],
    ['in absolute form for another host', withTarget('http://y/v1/webhooks/pathors'), REJECTED],
    ['in authority form', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', REJECTED],
    ['in asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', REJECTED],
    ['with a NUL in the path', withTarget('/v1/webhooks/pathors\0'), REJECTED],
    ['with a long URL', withTarget(`/v1/webhooks/pathors?${'a'.repeat(2_000)}`), ACCEPTED],
    ['with a huge URL', withTarget(`/v1/webhooks/pathors?${'a'.repeat(20_000)}`), HEAD_TOO_LARGE],
    ['with an enormous URL', withTarget(`/v1/webhooks/pathors?${'a'.repeat(1_000_000)}`), REJECTED],
    ['of HTTP/1.0', withVersion('HTTP/1.0'), REJECTED],
    ['of HTTP/1.0 with keep-alive', head(LENGTH, 'Connection: keep-alive').replace('1.1', '1.0') + EVENT, REJECTED],
    ['of HTTP/1.2', withVersion('HTTP/1.2'), REJECTED],
    ['of HTTP/2', withVersion('HTTP/2.0'), REJECTED],
    ['of HTTP/0.9', 'GET /healthz\r\n\r\n', REJECTED],
    ['of http/1.1', withVersion('http/1.1'), REJECTED],
    ['with a blank at its end', withVersion('HTTP/1.1 '), REJECTED],
    ['of the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', REJECTED],
    ['with a method in lower case', withMethod('post'), answered(405)],
    ['with a method in mixed case', withMethod('PoSt'), answered(405)],
    ['with an unknown method', withMethod('BREW'), answered(405)],
    ['with a control character in the method', withMethod('PO\x01ST'), REJECTED],
    ['with @ in the method', withMethod('@OST'), REFUSED],
    ['with DEL in the method', withMethod('PO\x7fST'), REFUSED],
    ['with a parenthesis in the method', withMethod('PO(ST'), REJECTED],
    ['without a method', withMethod(''), REFUSED],
    ['with a huge method', withMethod('A'.repeat(40_000)), REJECTED],
    ['with two blanks', post().replace('POST /', 'POST  /'), REJECTED],
    ['with a tab', post().replace('POST /', 'POST\t/'), REJECTED],
    ['behind a blank', ` ${post()}`, REJECTED],
    ['behind an empty line', `\r\n${post()}`, WAITS],
    ['that is a TLS handshake', Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0, 0x0a, 0x0d, 0x0a, 0x0d, 0x0a]), REJECTED],
    ['that is binary data', '\x00\xff\r\n\r\n', REJECTED],
  ]);
});

describe('connection options', () => {
  framingCases([
    ['Connection: keep-alive', withHeader('Connection: keep-alive'), ACCEPTED],
    ['Connection: close', withHeader('Connection: close'), ACCEPTED_LAST],
    ['Connection: CLOSE', withHeader('Connection: CLOSE'), ACCEPTED_LAST],
    ['Connection: close in a list', withHeader('Connection: x, close ,y'), ACCEPTED_LAST],
    ['Connection: closed is ignored', withHeader('Connection: closed, not-close'), ACCEPTED],
    [
      'Connection: close to GET',
      get('/healthz', 'Connection: close'),
      { answers: [200], connection: 'closed', stored: [] },
    ],
    ['Upgrade: h2c is ignored', withHeader('Connection: Upgrade\r\nUpgrade: h2c'), ACCEPTED],
    ['Upgrade: websocket is ignored', get('/healthz', 'Connection: Upgrade', 'Upgrade: websocket'), answered(200)],
    ['Expect: 100-continue', withHeader('Expect: 100-continue'), { ...ACCEPTED, answers: [100, 202] }],
    ['Expect: something else is ignored', withHeader('Expect: 200-ok'), ACCEPTED],
  ]);
});
