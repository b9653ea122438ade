import { expect, test } from 'vitest';
import { replaceRegion } from '../../../bench/report/marked-region.js';
import { markdownTable, sectionMarkdown } from '../../../bench/report/markdown.js';
import type { Section } from '../../../bench/report/section.js';

const SECTION: Section = {
  id: 'join',
  title: 'Join',
  method: 'How.',
  measures: [
    { id: 'rate', title: 'Joined', unit: 'sessions/s', better: 'higher', samples: { ours: [3, 1, 2], peer: [1] } },
    { id: 'idle', title: 'Idle', unit: '%', better: 'lower', samples: { ours: [1.5] }, asked: { atMost: 1 } },
  ],
  ratios: [{ title: 'ours to peer', value: 2, range: [1, 3], asked: { atLeast: 1.5 } }],
  curves: [{ title: 'Cost', xLabel: 'sessions', yLabel: 'µs', points: [{ x: 1, y: 2 }], reading: 'Level.' }],
  faults: ['peer: 2 missing.'],
};

test('a table has a head, and pipes in cells are escaped', () => {
  expect(
    markdownTable([
      ['', 'b'],
      ['a|b', '1'],
    ]),
  ).toBe('|  | b |\n| --- | --: |\n| a\\|b | 1 |');
});

test('a section consists of method, ratios, figures, faults and curves', () => {
  const text = sectionMarkdown(SECTION, [{ title: 'Joined', path: 'performance/join-rate.svg' }]);
  expect(text).toContain('### Join\n\nHow.\n\n');
  expect(text).toContain('| ours to peer | 2.00 × | 1.00–3.00 | ≥ 1.5: reached |');
  expect(text).toContain('| ours | 2.00 (1.00–3.00) | 1.50 [≤ 1: short] |');
  expect(text).toContain('| peer | 1.00 |  |');
  expect(text).toContain('**Wrong output:** peer: 2 missing.');
  expect(text).toContain('![Joined](performance/join-rate.svg)');
  // A curve without a picture gets a table.
  expect(text).toContain('**Cost.** Level.\n\n| sessions | µs |');
});

const DOCUMENT = [
  'by hand',
  '<!-- bench: a, written by npm run bench -->',
  'old',
  '<!-- end of bench: a -->',
  'more by hand',
].join('\n');

test('only the text between the marks is replaced, and repeating that changes nothing', () => {
  const once = replaceRegion(DOCUMENT, 'a', 'new $& text\n');
  expect(once).toContain('by hand\n<!-- bench: a,');
  expect(once).toContain('\n\nnew $& text\n\n<!-- end of bench: a -->\nmore by hand');
  expect(once).not.toContain('old');
  expect(replaceRegion(once, 'a', 'new $& text')).toBe(once);
});

test('a document without the marks, or with them twice, is rejected', () => {
  expect(() => replaceRegion(DOCUMENT, 'b', 'x')).toThrow('<!-- bench: b');
  expect(() => replaceRegion(DOCUMENT + DOCUMENT, 'a', 'x')).toThrow('once');
  expect(() => replaceRegion('<!-- bench: a, written by npm run bench -->', 'a', 'x')).toThrow('end of bench: a');
});
