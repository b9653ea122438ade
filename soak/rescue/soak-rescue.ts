import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../lab/random.js';
import { listViolations } from '../list-violations.js';
import { onOwnStack, ownStackEnv } from '../on-own-stack.js';
import type { SoakOptions } from '../soak-options.js';
import { playRescue } from './play-rescue.js';
import { FULL_RUNS, QUICK_RUNS } from './rescue-run.js';

/**
 * `npm run soak -- rescue`: announces recordings while Kafka is down for twice the lifetime of their links, in several variants.
 * Afterwards each joined record must say `archived`, with the hash of the source's bytes.
 *
 * @returns whether all guarantees held. If not, keeps data and logs.
 */
export async function soakRescue({ seed, quick, log, signal }: SoakOptions): Promise<boolean> {
  log(`seed ${seed}`);
  const passed = await onOwnStack({
    name: 'rescue',
    env: ownStackEnv(),
    log,
    signal,
    work: async (_, stack) => {
      let isSound = true;
      for (const [index, run] of (quick ? QUICK_RUNS : FULL_RUNS).entries()) {
        const dir = mkdtempSync(join(tmpdir(), 'soak-rescue-run-'));
        const env = { ...stack, TOPIC_PREFIX: `rescue-${index}.` };
        const result = await playRescue(run, { dir, env, random: seededRandom(seed), log, signal });
        const { violations, transfers, expired } = result;
        process.stdout.write(
          `${violations.length === 0 ? 'pass' : 'FAIL'}  ${run.name}: ${run.count} recordings, ${transfers} transfers, ` +
            `${expired} requests with dead links, ${violations.length} violations\n`,
        );
        process.stdout.write(listViolations(violations, ({ session }) => session));
        if (violations.length === 0) rmSync(dir, { recursive: true, force: true });
        else log(`kept data and logs in ${dir}`);
        isSound &&= violations.length === 0;
      }
      return isSound;
    },
    isSound: (sound) => sound,
  });
  return passed;
}
