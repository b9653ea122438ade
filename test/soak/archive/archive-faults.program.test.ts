import { expect, it } from 'vitest';
import { QUICK } from '../../../soak/archive/archive-run.js';
import { runArchiveSoak } from '../../../soak/archive/soak-archive.js';
import { suiteEnv } from '../../support/stack-settings.js';

/** Each kind of misbehaviour of the source is in its plan, and soon over; its first fault is the one that takes longest. */
const SEED = 983;

it('with its source cut, its store and itself killed, and its store away for longer than links live, the archive loses nothing', async () => {
  const { signal } = new AbortController();
  const env = { ...process.env, ...suiteEnv('archive-soak'), TOPIC_PARTITIONS: '6' };
  const run = await runArchiveSoak(QUICK, { seed: SEED, log: () => undefined, signal, env });
  expect(run.violations, run.report).toEqual([]);
}, 300_000);
