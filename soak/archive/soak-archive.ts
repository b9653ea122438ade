import { setMaxListeners } from 'node:events';
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../../infra/settings/read-settings.js';
import { onOwnStack, ownStackEnv } from '../on-own-stack.js';
import type { SoakOptions } from '../soak-options.js';
import { FULL, QUICK, type ArchiveRun } from './archive-run.js';
import type { ArchiveViolation } from './check-archive.js';
import { playArchive } from './play-archive.js';
import { planRecordings, totalBytes, type PlannedRecording } from './recording-plan.js';
import { seededRandom } from '../../lab/random.js';

/** One copy in the object store and, in the worst case, one on the archivers' disk. */
const DISK_COPIES = 2;
const DISK_SPARE_BYTES = 2 ** 30;

/**
 * Runs `npm run soak -- archive`: announces recordings while source, object store and archivers fail during transfers, then keeps the
 * object store down until the links have expired. Afterwards each recording must be one object with its own bytes and a matching
 * outcome, and nothing else may be left. Keeps data and logs otherwise.
 *
 * @returns whether all guarantees held.
 */
export async function soakArchive(options: SoakOptions): Promise<boolean> {
  const { violations } = await runArchiveSoak(options.quick ? QUICK : FULL, { ...options, env: ownStackEnv() });
  return violations.length === 0;
}

/**
 * Runs the soak and prints its report.
 *
 * @param options with `env`: the endpoints of a running stack and an unused `TOPIC_PREFIX`. Without endpoints, starts a stack.
 */
export async function runArchiveSoak(
  run: ArchiveRun,
  { seed, log, signal, env }: Omit<SoakOptions, 'quick'> & { readonly env: Env },
): Promise<{ readonly violations: readonly ArchiveViolation[]; readonly report: string }> {
  log(`seed ${seed}`);
  // Each recording that waits for its announcement adds a listener.
  setMaxListeners(0, signal);
  const random = seededRandom(seed);
  const recordings = planRecordings(random, run);
  const inOutage = planRecordings(random, { ...run.outage, cuts: 0, lifetimeMs: run.lifetimeMs }, run.count);
  return onOwnStack({
    name: 'archive',
    env,
    log,
    signal,
    check: (dir) => requireDisk(dir, [...recordings, ...inOutage], log),
    work: async (dir, stack) => {
      const storeDir = join(dir, 'store');
      mkdirSync(storeDir);
      const spillDir = join(dir, 'spill');
      const deps = { dir, storeDir, spillDir, env: stack, random, log, signal };
      const result = await playArchive(run, recordings, inOutage, deps);
      process.stdout.write(result.report);
      return result;
    },
    isSound: ({ violations }) => violations.length === 0,
  });
}

function requireDisk(dir: string, recordings: readonly PlannedRecording[], log: (line: string) => void): void {
  const bytes = totalBytes(recordings);
  const { bavail, bsize } = statfsSync(dir);
  log(`${recordings.length} recordings, ${Math.round(bytes / 2 ** 20)} MiB in total`);
  const neededBytes = DISK_COPIES * bytes + DISK_SPARE_BYTES;
  if (bavail * bsize < neededBytes) {
    throw new Error(
      `${dir} has ${bavail * bsize} bytes free, but the soak needs ${neededBytes}: set TMPDIR to a larger disk`,
    );
  }
}
