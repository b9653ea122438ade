import { expect, test } from 'vitest';
import { Progress } from '../../bench/progress.js';

test('each line has the elapsed time and, at the pace so far, the remaining time', () => {
  const lines: string[] = [];
  let now = 0;
  const progress = new Progress(
    [
      { name: 'start', seconds: 60 },
      { name: 'ingress', seconds: 300 },
      { name: 'join', seconds: 240 },
    ],
    (line) => lines.push(line),
    () => now,
  );
  progress.begin('start');
  now = 120_000;
  // The start took twice as long as expected, so the other steps are expected to.
  progress.begin('ingress');
  now = 420_000;
  progress.log('half of it');
  expect(lines).toEqual([
    '[0:00, about 10 min left] ── start',
    '[2:00, about 18 min left] ── ingress',
    '[7:00, about 13 min left] half of it',
  ]);
});
