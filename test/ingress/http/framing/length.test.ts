import { describe } from 'vitest';
import {
  ACCEPTED,
  AUTHORIZATION,
  CHUNKED,
  chunk,
  EVENT,
  framingCases,
  get,
  head,
  HIDDEN,
  LAST_CHUNK,
  LENGTH,
  post,
  REFUSED,
  REJECTED,
  REQUEST_LINE,
} from './framing-cases.js';

const length = (value: string) => head(`Content-Length:${value}`) + EVENT;

describe('Content-Length', () => {
  framingCases([
    ['plain', post(), ACCEPTED],
    ['without a blank', length(`${EVENT.length}`), ACCEPTED],
    ['behind a tab', length(`\t${EVENT.length}`), ACCEPTED],
    ['with blanks around it', length(`  ${EVENT.length} \t`), ACCEPTED],
    ['with leading zeros', length(` 000${EVENT.length}`), ACCEPTED],
    ['in capitals', head(`CONTENT-LENGTH: ${EVENT.length}`) + EVENT, ACCEPTED],
    ['twice, equal', head(LENGTH, LENGTH) + EVENT, REFUSED],
    ['twice, equal, apart', head(LENGTH, 'X: y', LENGTH) + EVENT, REFUSED],
    ['twice, the first smaller', head('Content-Length: 3', LENGTH) + EVENT, REJECTED],
    ['twice, the second smaller', head(LENGTH, 'Content-Length: 3') + EVENT, REFUSED],
    ['twice, the first 0', head('Content-Length: 0', `Content-Length: ${HIDDEN.length}`) + HIDDEN, REJECTED],
    ['twice, once in lower case', head(LENGTH, 'content-length: 0') + EVENT, REFUSED],
    ['as a list', length(` ${EVENT.length}, ${EVENT.length}`), REJECTED],
    ['as a list with an empty item', length(` ,${EVENT.length}`), REJECTED],
    ['empty', length(''), REJECTED],
    ['of blanks', length('   '), REJECTED],
    ['with a plus', length(` +${EVENT.length}`), REJECTED],
    ['negative', length(' -1'), REJECTED],
    ['hexadecimal', length(' 0x10'), REJECTED],
    ['a fraction', length(' 1.0'), REJECTED],
    ['with an exponent', length(' 1e1'), REJECTED],
    ['with a blank in it', length(' 1 0'), REJECTED],
    ['with an underscore', length(' 1_0'), REJECTED],
    ['with a semicolon', length(` ${EVENT.length};a`), REJECTED],
    ['in quotes', length(` "${EVENT.length}"`), REJECTED],
    // uWebSockets.js treats bytes from 0x80 at the ends of a value as blanks.
    ['with a non-breaking blank', length(` ${EVENT.length}\u00a0`), ACCEPTED],
    ['in full-width digits', length(' \uff11\uff12'), REJECTED],
    ['with a NUL behind it', length(` ${EVENT.length}\0`), REJECTED],
    ['beyond exact integers', length(' 9007199254740993'), REFUSED],
    ['beyond 64 bits', length(' 18446744073709551617'), REJECTED],
    ['of a thousand digits', length(` ${'9'.repeat(1_000)}`), REJECTED],
    [
      'too small: the rest is not a request',
      head('Content-Length: 10') + EVENT,
      { answers: 'refusal', connection: 'closed', stored: [EVENT.slice(0, 10)] },
    ],
    ['missing: the body is empty, and the bytes behind it are ignored', head() + HIDDEN, emptyBody()],
    ['hidden by an underscore', head(`Content_Length: ${HIDDEN.length}`) + HIDDEN, emptyBody()],
    ['hidden behind a header without a name', head(`: x\r\nContent-Length: ${HIDDEN.length}`) + HIDDEN, emptyBody()],
    ['0', head('Content-Length: 0'), { answers: [400], connection: 'open', stored: [''] }],
    ['none at all', head(), { answers: [400], connection: 'closed', stored: [''] }],
  ]);
});

function emptyBody() {
  return { answers: 'refusal', connection: 'closed', stored: [''] } as const;
}

describe('Content-Length and Transfer-Encoding together', () => {
  framingCases([
    ['length first', head(LENGTH, CHUNKED) + chunk(EVENT) + LAST_CHUNK, REJECTED],
    ['chunked first', head(CHUNKED, LENGTH) + chunk(EVENT) + LAST_CHUNK, REJECTED],
    ['CL.TE', head('Content-Length: 6', CHUNKED) + `0\r\n\r\n${HIDDEN}`, REJECTED],
    ['TE.CL', head(CHUNKED, 'Content-Length: 4') + chunk(HIDDEN) + LAST_CHUNK, REJECTED],
    ['length 0', head('Content-Length: 0', CHUNKED) + chunk(EVENT) + LAST_CHUNK + HIDDEN, REJECTED],
    ['identity', head(LENGTH, 'Transfer-Encoding: identity') + EVENT, REJECTED],
    ['an empty encoding', head(LENGTH, 'Transfer-Encoding:') + EVENT + HIDDEN, REJECTED],
    ['a tab for the blank', head(LENGTH, 'Transfer-Encoding:\tchunked') + chunk(EVENT) + LAST_CHUNK, REJECTED],
    ['a blank before the colon', head(LENGTH, 'Transfer-Encoding : chunked') + chunk(EVENT) + LAST_CHUNK, REJECTED],
  ]);
});

describe('a body of a request that has none usually', () => {
  const bare = (method: string, path: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`;
  framingCases([
    ['of GET is skipped', bare('GET', '/healthz') + HIDDEN, { answers: [200], connection: 'open', stored: [] }],
    ['of an unknown path is skipped', bare('POST', '/no') + HIDDEN, { answers: [404], connection: 'open', stored: [] }],
    [
      'of another method is skipped',
      bare('PUT', '/v1/webhooks/pathors') + HIDDEN,
      { answers: [405], connection: 'open', stored: [] },
    ],
    [
      'without a token is skipped',
      bare('POST', '/v1/webhooks/pathors') + HIDDEN,
      { answers: [401], connection: 'open', stored: [] },
    ],
    [
      'of GET in chunks ends the connection',
      get('/healthz', CHUNKED) + chunk(HIDDEN) + LAST_CHUNK,
      { answers: [200], connection: 'closed', stored: [] },
    ],
    [
      'without a token in chunks ends it',
      `${REQUEST_LINE}\r\nHost: x\r\n${CHUNKED}\r\n\r\n${chunk(HIDDEN)}${LAST_CHUNK}`,
      { answers: [401], connection: 'closed', stored: [] },
    ],
    [
      'of GET with two lengths ends it',
      get('/healthz', 'Content-Length: 0', `Content-Length: ${HIDDEN.length}`, AUTHORIZATION) + HIDDEN,
      REJECTED,
    ],
  ]);
});
