import { expect, it } from 'vitest';
import { QUICK } from '../../bench/soak/archive/archive-run.js';
import { runArchiveSoak } from '../../bench/soak/archive/soak-archive.js';

/** Each kind of misbehaviour of the source is in its plan. */
const SEED = 375;

it('with its source cut, its store and itself killed, and its store away for longer than links live, the archive loses nothing', async () => {
  const run = await runArchiveSoak(QUICK, { seed: SEED, log: () => undefined, signal: new AbortController().signal });
  expect(run.violations, run.report).toEqual([]);
}, 300_000);
