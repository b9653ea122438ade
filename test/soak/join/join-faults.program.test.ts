import { expect, it } from 'vitest';
import { runJoinSoak, QUICK, type JoinRun } from '../../../soak/join/soak-join.js';

/** With this seed the pause starts first, and the other faults happen during it. */
const SEED = 37;

/** Each kind of fault once or twice. The pause is longer than the session timeout (10 s) and the transaction timeout (30 s). */
const SHORT: JoinRun = {
  faults: {
    counts: { 'processor killed': 2, 'processor paused': 1, 'broker killed': 1, 'processor joins or leaves': 2 },
    pauseMs: 33_000,
    gapMs: { from: 2_000, to: 5_000 },
  },
  rate: 60,
  sessions: 1_500,
  rules: { ...QUICK.rules, recordingGraceMs: 6_000, finalizeTimeoutMs: 10_000, linkLifetimeMs: 7_000 },
};

// Without a time limit: the run's own waits are bounded.
it(
  'writes one record per session while processors are killed, paused, added and removed, and the broker is killed',
  { timeout: 0 },
  async () => {
    const run = await runJoinSoak(SHORT, { seed: SEED, log: () => undefined, signal: new AbortController().signal });
    expect(run.violations, run.report).toEqual([]);
  },
);
