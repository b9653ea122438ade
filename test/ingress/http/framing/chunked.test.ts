import { describe } from 'vitest';
import {
  ACCEPTED_LAST,
  CHUNKED,
  chunk,
  EVENT,
  framingCases,
  head,
  HIDDEN,
  KEPT_AND_CLOSED,
  LAST_CHUNK,
  REFUSED,
  REJECTED,
  WAITS,
  type Expected,
} from './framing-cases.js';

const BODY = chunk(EVENT) + LAST_CHUNK;
const encoding = (value: string) => head(`Transfer-Encoding:${value}`) + BODY;
/** With a hidden request behind it. */
const encodingThenHidden = (value: string) => encoding(value) + HIDDEN;

describe('Transfer-Encoding', () => {
  framingCases([
    ['chunked', encoding(' chunked'), ACCEPTED_LAST],
    ['CHUNKED', encoding(' CHUNKED'), ACCEPTED_LAST],
    ['without a space', encoding('chunked'), ACCEPTED_LAST],
    ['after a tab', encoding('\tchunked'), ACCEPTED_LAST],
    ['with blanks around it', encoding('  chunked \t'), ACCEPTED_LAST],
    ['chunked, with a request behind it', encodingThenHidden(' chunked'), KEPT_AND_CLOSED],
    [', chunked', encodingThenHidden(' , chunked'), REJECTED],
    ['chunked,', encodingThenHidden(' chunked,'), REJECTED],
    ['chunked, identity', encodingThenHidden(' chunked, identity'), REJECTED],
    ['identity, chunked', encodingThenHidden(' identity, chunked'), REJECTED],
    ['gzip, chunked', encodingThenHidden(' gzip, chunked'), REJECTED],
    ['chunked, chunked', encodingThenHidden(' chunked, chunked'), REJECTED],
    ['xchunked', encodingThenHidden(' xchunked'), REJECTED],
    ['chunkedx', encodingThenHidden(' chunkedx'), REJECTED],
    ['"chunked" in quotes', encodingThenHidden(' "chunked"'), REJECTED],
    ['chunked;q=1', encodingThenHidden(' chunked;q=1'), REJECTED],
    ['identity', encodingThenHidden(' identity'), REJECTED],
    ['chunk', encodingThenHidden(' chunk'), REJECTED],
    ['empty', encodingThenHidden(''), REJECTED],
    ['empty, without a body', head('Transfer-Encoding:'), REFUSED],
    ['with a vertical tab', encodingThenHidden(' \x0bchunked'), REJECTED],
    ['with a form feed', encodingThenHidden(' chunked\x0c'), REJECTED],
    ['with a NUL', encodingThenHidden(' chunked\0'), REJECTED],
    // uWebSockets.js treats bytes from 0x80 at the ends of a value as blanks.
    ['with a non-breaking blank', encodingThenHidden(' \u00a0chunked'), KEPT_AND_CLOSED],
    ['twice chunked', head(CHUNKED, CHUNKED) + BODY + HIDDEN, REJECTED],
    ['chunked, then identity in another line', head(CHUNKED, 'Transfer-Encoding: identity') + BODY, REJECTED],
    ['folded', encodingThenHidden('\r\n chunked'), REJECTED],
    ['behind a bare LF', head(`X: y\n${CHUNKED}`) + BODY, REJECTED],
    ['with a blank before the colon', head('Transfer-Encoding : chunked') + BODY, REJECTED],
    ['with a blank before the name', head(` ${CHUNKED}`) + BODY, REJECTED],
    [
      'with an underscore: no encoding, so the body is empty',
      head('Transfer_Encoding: chunked') + BODY + HIDDEN,
      { answers: 'refusal', connection: 'closed', stored: [''] },
    ],
  ]);
});

const SIZE = EVENT.length.toString(16);
/** A body in one chunk with this size line. */
const size = (line: string) => `${head(CHUNKED)}${line}\r\n${EVENT}\r\n${LAST_CHUNK}`;

describe('valid chunks', () => {
  framingCases([
    ['one', size(SIZE), ACCEPTED_LAST],
    ['a size in capitals', size(SIZE.toUpperCase()), ACCEPTED_LAST],
    ['a size with zeros before it', size(`0000${SIZE}`), ACCEPTED_LAST],
    ['a byte each', head(CHUNKED) + Array.from(EVENT, chunk).join('') + LAST_CHUNK, ACCEPTED_LAST],
    ['a last size of several zeros', head(CHUNKED) + chunk(EVENT) + '000\r\n\r\n', ACCEPTED_LAST],
    ['none but the last', head(CHUNKED) + LAST_CHUNK, { answers: [400], connection: 'closed', stored: [''] }],
  ]);
});

/** uWebSockets.js accepts the body, with or without an answer, but ignores everything behind it. */
const keptAs = (stored: string): Expected => ({ answers: 'refusal', connection: 'closed', stored: [stored] });

describe('chunks of invalid size', () => {
  framingCases([
    ['letters', size('zz') + HIDDEN, REJECTED],
    ['0x', size(`0x${SIZE}`), REJECTED],
    ['a sign', size(`+${SIZE}`), REJECTED],
    ['negative', size('-5'), REJECTED],
    ['an underscore', size('1_0'), REJECTED],
    ['beyond 64 bits', size(`1000000000000000${SIZE}`), REJECTED],
    ['all bits', size('ffffffffffffffff'), REJECTED],
    ['32 bits too large: waits for more', size(`1000000${SIZE.padStart(2, '0')}`), WAITS],
    ['empty: the body ends', size('') + HIDDEN, keptAs('')],
    ['behind a blank: the body ends', size(` ${SIZE}`) + HIDDEN, keptAs('')],
    ['a NUL: the body ends', size('\0') + HIDDEN, keptAs('')],
    ['larger than the chunk', head(CHUNKED) + `${(EVENT.length + 50).toString(16)}\r\n${EVENT}\r\n`, WAITS],
    ['of a chunk extension with quotes over a line', size(`${SIZE};a="\r\n"`), REJECTED],
    ['of an endless chunk extension', size(`${SIZE};${'a'.repeat(20_000)}`), REJECTED],
    ['of a last chunk with an extension', head(CHUNKED) + chunk(EVENT) + '0;x=y\r\n\r\n', REJECTED],
  ]);
});

describe('chunks with an invalid end', () => {
  framingCases([
    ['other bytes for CRLF', `${head(CHUNKED)}${SIZE}\r\n${EVENT}XX${LAST_CHUNK}${HIDDEN}`, KEPT_AND_CLOSED],
    ['the last one is cut', `${head(CHUNKED)}${chunk(EVENT)}0\r\n${HIDDEN}`, KEPT_AND_CLOSED],
    ['other bytes behind the last', `${head(CHUNKED)}${chunk(EVENT)}0\r\nXX${HIDDEN}`, KEPT_AND_CLOSED],
    ['a request hidden in a trailer', `${head(CHUNKED)}${chunk(EVENT)}0\r\nX:${HIDDEN}`, KEPT_AND_CLOSED],
    ['a trailer', `${head(CHUNKED)}${chunk(EVENT)}0\r\nX: y\r\n\r\n`, KEPT_AND_CLOSED],
    ['a trailer with a length', `${head(CHUNKED)}${chunk(EVENT)}0\r\nContent-Length: 5\r\n\r\n`, KEPT_AND_CLOSED],
    ['no last one', head(CHUNKED) + chunk(EVENT), WAITS],
    ['an incomplete end of the last one', head(CHUNKED) + chunk(EVENT) + '0\r\n', ACCEPTED_LAST],
  ]);
});
