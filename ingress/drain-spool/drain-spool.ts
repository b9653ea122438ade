import { join } from 'node:path';
import { sleep, type Clock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { removeEmptyPartitionFolders, streamFolders } from '../../infra/spool/partition-folders.js';
import { moveSegments } from '../spool/adoption.js';
import { nodeFs } from '../spool/file-system.js';
import type { Spools } from '../spool/former-spools.js';
import { NewerSpoolError } from '../../infra/spool/segment-files.js';
import { PartitionSpools } from '../spool/partition-spools.js';
import { setAsideFiles } from '../spool/segments/set-aside.js';
import { Spool } from '../spool/spool.js';
import { SpoolBudget } from '../spool/spool-budget.js';
import { CannotDrainError, findWorkerFolders, lockFolders } from './spool-folders.js';

/** Sends the records of spools to Kafka, retrying without limit. */
export type SpoolSender = {
  /** Begins to send. Resolves once Kafka, topics and schemas are ready. @throws Error when an operator must act. */
  readonly start: (spools: Spools) => Promise<void>;
  /** Ends all sending; what is not acknowledged stays in the spools. */
  readonly stop: () => Promise<void>;
};

export type DrainSpoolDeps = {
  readonly sender: SpoolSender;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  /** Receives lines for the operator. */
  readonly say: (line: string) => void;
};

/** What is left on disk. */
export type DrainResult = { readonly sent: number; readonly remaining: number; readonly setAside: readonly string[] };

const POLL_MS = 100;
const PROGRESS_INTERVAL_MS = 2_000;
const NOTHING: DrainResult = { sent: 0, remaining: 0, setAside: [] };

/**
 * Sends everything in a spool that no ingress uses to Kafka, oldest first over all its workers, and removes it from the disk once Kafka
 * has it. Can be killed at any moment and run again: a segment (4 MiB) is then sent twice at most.
 *
 * @throws CannotDrainError: print the message. The same applies to errors of `sender.start`.
 */
export async function drainSpool(dir: string, deps: DrainSpoolDeps): Promise<DrainResult> {
  const { clock, say } = deps;
  const dirs = await findWorkerFolders(dir);
  const folders = await lockFolders(dirs, clock, say);
  const [first, ...others] = folders;
  if (first === undefined) return NOTHING;
  try {
    // In one folder the segments of all workers are in the order of their time.
    for (const other of others) {
      for (const { name } of streamFolders(other.dir)) {
        await moveSegments(nodeFs, join(other.dir, name), join(first.dir, name));
      }
      removeEmptyPartitionFolders(other.dir);
    }
    const { sent, remaining } = await drainFolder(first.dir, first.lock.isHeld, deps);
    return { sent, remaining, setAside: (await Promise.all(dirs.map(setAsideFiles))).flat() };
  } catch (error) {
    if (error instanceof NewerSpoolError) throw new CannotDrainError(error.message, { cause: error });
    throw error;
  } finally {
    for (const { lock } of folders) lock.release();
  }
}

async function drainFolder(
  dir: string,
  isOwned: () => boolean,
  { sender, logger, clock, stopped, say }: DrainSpoolDeps,
): Promise<Omit<DrainResult, 'setAside'>> {
  const shared = { fs: nodeFs, budget: new SpoolBudget(Infinity), logger, clock, isOwned };
  const open = (stream: string) => Spool.open({ ...shared, dir: join(dir, stream) });
  const [events, deadLetters] = [await open('events'), await open('dead-letter')];
  const byPartition = await PartitionSpools.open(dir, shared);
  const spools: Spools = {
    events,
    deadLetters,
    get partitions() {
      return byPartition.all;
    },
    ofPartition: (stream, id) => byPartition.of(stream, id),
  };
  // Grows while partitions are in trouble.
  const all = (): Spool[] => [events, deadLetters, ...byPartition.all.map(({ spool }) => spool)];
  for (const spool of all()) await spool.scan();
  const count = (): number => all().reduce((sum, { countedRecords }) => sum + countedRecords, 0);
  const isEmpty = (): boolean => all().every((spool) => spool.isEmpty);
  const total = count();
  say(`${total} records in ${dir}`);
  try {
    if (!isEmpty()) {
      say('waiting for Kafka and the schema registry');
      await Promise.race([sender.start(spools), aborted(stopped)]);
    }
    let reportedAt = clock.monotonic();
    while (!isEmpty() && !stopped.aborted) {
      await sleep(clock, POLL_MS, stopped);
      if (clock.monotonic() - reportedAt < PROGRESS_INTERVAL_MS) continue;
      reportedAt = clock.monotonic();
      // A record that moves to the spool of its partition is counted twice for a moment.
      say(`${Math.max(0, total - count())} of ${total} records are in Kafka`);
    }
  } finally {
    await sender.stop();
    for (const spool of all()) await spool.close();
    removeEmptyPartitionFolders(dir);
  }
  return { sent: Math.max(0, total - count()), remaining: count() };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
