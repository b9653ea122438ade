import { expect, it } from 'vitest';
import { FULL, QUICK } from '../../../soak/archive/archive-run.js';
import { planRecordings, totalBytes } from '../../../soak/archive/recording-plan.js';
import { seededRandom } from '../../../lab/random.js';

it.each([
  ['full', FULL],
  ['quick', QUICK],
])('plans the recordings and cuts of the %s run, equal for equal seeds', (_, run) => {
  const recordings = planRecordings(seededRandom(7), run);
  expect(recordings).toHaveLength(run.count);
  expect(new Set(recordings.map(({ sessionId }) => sessionId)).size).toBe(run.count);
  expect(recordings.reduce((sum, { behaviour }) => sum + behaviour.cuts.length, 0)).toBe(run.cuts);
  expect(planRecordings(seededRandom(7), run)).toEqual(recordings);
  expect(planRecordings(seededRandom(8), run)).not.toEqual(recordings);
});

it('plans at least 300 faults for the full run, and bytes that fit on a disk', () => {
  const { counts } = FULL.faults;
  expect(FULL.cuts + counts['archiver killed'] + counts['store killed']).toBeGreaterThanOrEqual(300);
  expect(totalBytes(planRecordings(seededRandom(7), FULL))).toBeLessThan(12e9);
});
