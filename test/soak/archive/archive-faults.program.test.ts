import { expect, it } from 'vitest';
import { QUICK } from '../../../soak/archive/archive-run.js';
import { runArchiveSoak } from '../../../soak/archive/soak-archive.js';
import { suiteEnv } from '../../support/stack-settings.js';

/** A seed whose plan contains each kind of misbehaviour and starts with the longest fault, so that the run is short. */
const SEED = 983;

it('the archive loses nothing to cuts, kills, and an outage of the object store that outlasts the links', async () => {
  const { signal } = new AbortController();
  const env = { ...process.env, ...suiteEnv('archive-soak'), TOPIC_PARTITIONS: '6' };
  const run = await runArchiveSoak(QUICK, { seed: SEED, log: () => undefined, signal, env });
  expect(run.violations, run.report).toEqual([]);
}, 300_000);
