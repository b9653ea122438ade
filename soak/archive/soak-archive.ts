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

/** In the store, and at the worst all of it on the archivers' disk too. */
const DISK_COPIES = 2;
const DISK_SPARE_BYTES = 2 ** 30;

/**
 * `npm run soak -- archive`: recordings come in while their source, the store and the archivers fail in mid-transfer; then the store is away
 * for longer than links live. Afterwards each recording must be one object with its own bytes, reported as it is, and nothing else may
 * be left. Resolves to whether that is so; if not, data and logs are kept.
 */
export async function soakArchive(options: SoakOptions): Promise<boolean> {
  const { violations } = await runArchiveSoak(options.quick ? QUICK : FULL, { ...options, env: ownStackEnv() });
  return violations.length === 0;
}

/** @param options `env` with the endpoints of a stack that runs, and a `TOPIC_PREFIX` that is new there; without, a stack is started. */
export async function runArchiveSoak(
  run: ArchiveRun,
  { seed, log, signal, env }: Omit<SoakOptions, 'quick'> & { readonly env: Env },
): Promise<{ readonly violations: readonly ArchiveViolation[]; readonly report: string }> {
  log(`seed ${seed}`);
  // Each recording that waits for its time to be announced listens.
  setMaxListeners(0, signal);
  const random = seededRandom(seed);
  const recordings = planRecordings(random, run);
  const inOutage = planRecordings(random, { ...run.outage, cuts: 0, lifeMs: run.lifeMs }, run.count);
  return onOwnStack({
    ...{ name: 'archive', env, log, signal },
    check: (dir) => requireDisk(dir, [...recordings, ...inOutage], log),
    work: async (dir, stack) => {
      const storeDir = join(dir, 'store');
      mkdirSync(storeDir);
      const result = await playArchive(run, recordings, inOutage, {
        ...{ dir, storeDir, spillDir: join(dir, 'spill'), env: stack, random, log, signal },
      });
      process.stdout.write(result.report);
      return result;
    },
    isSound: ({ violations }) => violations.length === 0,
  });
}

function requireDisk(dir: string, recordings: readonly PlannedRecording[], log: (line: string) => void): void {
  const bytes = totalBytes(recordings);
  const { bavail, bsize } = statfsSync(dir);
  log(`${recordings.length} recordings, ${Math.round(bytes / 2 ** 20)} MiB in all`);
  const neededBytes = DISK_COPIES * bytes + DISK_SPARE_BYTES;
  if (bavail * bsize < neededBytes) {
    throw new Error(`${dir} has ${bavail * bsize} bytes free, and the soak needs ${neededBytes}: set TMPDIR`);
  }
}
