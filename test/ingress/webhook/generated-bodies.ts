import fc from 'fast-check';
import { CALL_ENDED, RECORDING_READY, SESSION_ENDED } from './sample-events.js';

/** An object as a list of names and JSON texts, so that names may repeat and numbers may have any spelling. */
type Entries = readonly (readonly [name: string, value: string])[];

const { reason: _reason, ...conversation } = SESSION_ENDED;
const FINALIZED = { ...conversation, event: 'session.finalized', projectId: 'p' };
const TEMPLATES: readonly object[] = [
  SESSION_ENDED,
  conversation,
  CALL_ENDED,
  FINALIZED,
  { ...FINALIZED, callStatus: 'busy', callDuration: 0 },
  RECORDING_READY,
  { ...RECORDING_READY, success: false, recordingUrl: undefined },
];
const asEntries = (event: object): Entries =>
  Object.entries(event).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]]));

const NAMES = [...new Set(TEMPLATES.flatMap((event) => Object.keys(event)))];
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '',
  'Event',
  'event ',
];

const NUMBERS =
  '0 -0 0.0 -0.0 1 -1 1.0 1.5 8.0e0 1e3 1E+2 15e-1 1e-400 -1e-400 1e308 1e309 -1e999 1e999 9007199254740993 12345678901234567890 0.99999999999999999999 01 +1 .5 1. 1e - NaN Infinity 0x1 1_0'.split(
    ' ',
  );
const TIMESTAMPS = [
  '2026-05-03T08:42:11.512Z',
  '2026-05-03T08:42Z',
  '2026-05-03T08:42:60,5+0200',
  '2026-12-31T23:59:59.123456789-11:30',
  '2026-05-03T08:42:11+02',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-05-32T00:00:00Z',
  '2026-05-03T24:00:00Z',
  '2026-05-03T08:60:00Z',
  '2026-05-03T08:42:61Z',
  '2026-05-03 08:42:11Z',
  '2026-05-03T08:42:11',
  '2026-05-03T08:42:11z',
  '2026-05-03T08:42:11.Z',
  '2026-05-03T08:42:11Z\n',
  '２０２６-05-03T08:42:11Z',
  '2026-05-03',
  '',
];
const TEXTS = [
  '',
  'session_ended',
  'userHangup',
  'new-status',
  'a\u0000b',
  'a\u007fb',
  'a\u0085b',
  'ü'.repeat(256),
  '😀'.repeat(256),
  '😀'.repeat(257),
  'x'.repeat(257),
  '\ufeff',
];

const escaped = (text: string) =>
  `"${text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')}"`;
const quoted = (text: string) => JSON.stringify(text);
const anyText = fc.oneof(
  fc.constantFrom(...TEXTS, ...TIMESTAMPS),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    'session.ended',
    'call.ended',
    'session.finalized',
    'recording.ready',
    'recording.archived',
    '__proto__',
  ),
);
const stringText = fc.oneof(
  anyText.map(quoted),
  anyText.map(escaped),
  fc.constantFrom(
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\uD83D"',
    '"\\x41"',
    '"\\u12"',
    '"\t"',
    '"\\/"',
    '"a',
    "'a'",
  ),
);
const nested = fc
  .tuple(
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['{"__proto__":', '}'], ['[[],', ']']),
    fc.constantFrom(1, 3, 100, 3_000),
    fc.constantFrom(0, 0, 0, 1),
  )
  .map(([[open = '', close = ''], depth, missing]) => `${open.repeat(depth)}1${close.repeat(depth - missing)}`);
const valueText = fc.oneof(
  { weight: 4, arbitrary: stringText },
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('null', 'true', 'false', '{}', '[]', '[1,]', '{"a":1,}', '', 'undefined', 'True'),
  },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: fc.constant(quoted('é'.repeat(20_000))) },
);

type Edit = (entries: Entries) => Entries;
const dropped = fc.nat().map(
  (n): Edit =>
    (entries) =>
      entries.filter((_, at) => at !== n % entries.length),
);
const changed = fc.tuple(fc.nat(), valueText).map(
  ([n, text]): Edit =>
    (entries) =>
      entries.map((entry, at) => (at === n % entries.length ? [entry[0], text] : entry)),
);
const added = fc.tuple(fc.constantFrom(...NAMES, ...ODD_NAMES), valueText, fc.boolean()).map(
  ([name, text, isFirst]): Edit =>
    (entries) =>
      isFirst ? [[name, text], ...entries] : [...entries, [name, text]],
);
const edits = fc.array(fc.oneof(dropped, changed, added), { maxLength: 3 });

const spelling = fc.record({
  blank: fc.constantFrom('', '', ' ', '\t', '\r\n ', '\u00a0', '\f'),
  areNamesEscaped: fc.boolean(),
});
const objectText = fc
  .tuple(fc.constantFrom(...TEMPLATES), edits, spelling)
  .map(([event, changes, { blank, areNamesEscaped }]) => {
    const entries = changes.reduce((result, edit) => (result.length === 0 ? result : edit(result)), asEntries(event));
    const name = areNamesEscaped ? escaped : quoted;
    return `${blank}{${entries.map(([key, text]) => `${name(key)}${blank}:${blank}${text}`).join(`,${blank}`)}}${blank}`;
  });

type Tamper = (bytes: Buffer) => Buffer;
const BYTES = [
  [0xff],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
  [0x80],
  [0xef, 0xbb, 0xbf],
  [0],
  [0x2c],
  [0x7d],
];
const inserted = fc.tuple(fc.nat(), fc.constantFrom(...BYTES)).map(([n, more]): Tamper => (bytes) => {
  const at = n % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(more), bytes.subarray(at)]);
});
const flipped = fc.tuple(fc.nat(), fc.nat(7)).map(([n, bit]): Tamper => (bytes) => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[n % copy.length] = (copy[n % copy.length] ?? 0) ^ (1 << bit);
  return copy;
});
const cut = fc.nat().map(
  (n): Tamper =>
    (bytes) =>
      bytes.subarray(0, n % (bytes.length + 1)),
);
const marked = fc.constant<Tamper>((bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]));
const unchanged = fc.constant<Tamper>((bytes) => bytes);
const tamper = fc.oneof(
  { weight: 12, arbitrary: unchanged },
  { weight: 2, arbitrary: inserted },
  { weight: 2, arbitrary: flipped },
  { weight: 1, arbitrary: cut },
  { weight: 1, arbitrary: marked },
);

/** Bodies from valid events to noise. Most are events with few or no faults. */
export const generatedBody: fc.Arbitrary<Buffer> = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: objectText }, { weight: 1, arbitrary: valueText }), tamper)
  .map(([text, change]) => change(Buffer.from(text)));
