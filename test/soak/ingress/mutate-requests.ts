import {
  AUTHORIZATION,
  CHUNKED,
  chunk,
  EVENT,
  get,
  head,
  HIDDEN,
  LAST_CHUNK,
  LENGTH,
  post,
} from '../../ingress/http/framing/framing-cases.js';
import type { Random } from './random.js';

/** Valid requests to mutate, single and in sequence. */
export const SEEDS: readonly [string, ...string[]] = [
  post(),
  head(CHUNKED) + chunk(EVENT.slice(0, 40)) + chunk(EVENT.slice(40)) + LAST_CHUNK,
  post() + post('{"n":2}'),
  get('/healthz') + post(),
  head('X-Long: some value', LENGTH, 'Accept: */*') + EVENT,
  head(LENGTH).replace(AUTHORIZATION, 'X: y') + EVENT + post(),
  // A request as a body or behind a body, as in request smuggling.
  post(HIDDEN),
  head(CHUNKED) + chunk(HIDDEN) + LAST_CHUNK,
  post() + head(CHUNKED) + chunk(EVENT) + LAST_CHUNK,
  head(LENGTH, 'Connection: close') + EVENT + HIDDEN,
];

/** Pieces that are significant to a parser. */
const PIECES: readonly [string, ...string[]] = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0',
  '0\r\n\r\n',
  'ffffffff',
  'Content-Length: 0\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: x\r\n',
  'Connection: close\r\n',
  'Host: y\r\n',
  ': y\r\n',
  'X: y\r\n',
  '\x7f',
  '\xa0',
];

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const flip: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
};

const replaceByte: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  copy[random.below(copy.length)] = random.below(256);
  return copy;
};

const insert: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(random.pick(PIECES), 'latin1'), bytes.subarray(at)]);
};

const remove: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(random.chance(70) ? 3 : 40))]);
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, 1 + random.below(bytes.length));

const splice: Mutation = (bytes, random) => {
  const other = Buffer.from(random.pick(SEEDS), 'latin1');
  return Buffer.concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length))]);
};

/** Repeats, moves or drops a line. */
const shuffleLines: Mutation = (bytes, random) => {
  const lines = bytes.toString('latin1').split('\r\n');
  const [line = ''] = lines.splice(random.below(lines.length), 1);
  const copies = random.below(3);
  for (let n = 0; n < copies; n += 1) lines.splice(random.below(lines.length + 1), 0, line);
  return Buffer.from(lines.join('\r\n'), 'latin1');
};

const changeDigit: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const digits = [...copy.keys()].filter((at) => /\d/.test(String.fromCharCode(copy[at] ?? 0)));
  const at = digits[random.below(digits.length)];
  if (at !== undefined) copy[at] = 0x30 + random.below(10);
  return copy;
};

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  flip,
  replaceByte,
  insert,
  insert,
  remove,
  truncate,
  splice,
  shuffleLines,
  shuffleLines,
  changeDigit,
];

/** One or several valid requests with one to four mutations; never empty. */
export function mutateRequest(random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(SEEDS), 'latin1');
  const times = 1 + random.below(4);
  for (let n = 0; n < times; n += 1) {
    const mutated = random.pick(MUTATIONS)(bytes, random);
    if (mutated.length > 0) bytes = mutated;
  }
  return bytes;
}
