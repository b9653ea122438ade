import { expect, it } from 'vitest';
import { seededRandom } from '../../../lab/random.js';
import { playRescue } from '../../../soak/rescue/play-rescue.js';
import { QUICK_RUNS } from '../../../soak/rescue/rescue-run.js';
import { suiteEnv } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';

/** The plainest variant, and the one that combines all faults. */
const RUNS = QUICK_RUNS.filter((_, index) => index === 0 || index === QUICK_RUNS.length - 1);

it.for(RUNS)(
  '$name: every recording announced meanwhile is archived, although its link has died',
  { timeout: 300_000 },
  async (run) => {
    const { signal } = new AbortController();
    const env = { ...process.env, ...suiteEnv('rescue') };
    const deps = { dir: tempDir(), env, random: seededRandom(7), log: () => undefined, signal };
    const { violations, transfers } = await playRescue(run, deps);
    expect(violations).toEqual([]);
    // Cut transfers continue; nothing is fetched by two programs.
    if (!run.killsIngress) expect(transfers).toBeLessThanOrEqual(run.count + Math.floor(run.count / 10) + 1);
  },
);
