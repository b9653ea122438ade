import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessorUnderTest } from '../processor-under-test.js';
import type { StoreOutage } from './archive-run.js';
import type { MisbehavingSource } from './misbehaving-source.js';
import type { PlannedRecording } from './recording-plan.js';
import type { RecordingLoad } from './recording-load.js';
import type { StoreUnderTest } from './store-under-test.js';

/** Recordings are announced over this share of a link's life. */
const ANNOUNCED_SHARE = 0.15;

export type OutageContext = {
  readonly archivers: readonly ProcessorUnderTest[];
  readonly store: StoreUnderTest;
  readonly source: MisbehavingSource;
  readonly load: RecordingLoad;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Keeps the store away for longer than the links live; resolves once it is back. */
export async function runStoreOutage(
  { killAt, backAt }: StoreOutage,
  recordings: readonly PlannedRecording[],
  lifeMs: number,
  { archivers, store, source, load, log, signal }: OutageContext,
): Promise<void> {
  await store.kill();
  log(`store away, ${recordings.length} recordings come in`);
  const isPublished = load.publish(recordings, ANNOUNCED_SHARE * lifeMs);
  await delay(ANNOUNCED_SHARE * lifeMs, undefined, { signal });
  const announcedAt = performance.now();
  const until = (lives: number) => delay(announcedAt + lives * lifeMs - performance.now(), undefined, { signal });
  await until(killAt);
  await isPublished;
  const served = source.ledger.published.slice(-recordings.length).filter(({ isServed }) => isServed);
  log(`the source has given ${served.length} of them`);
  const [one] = archivers;
  if (one !== undefined) {
    log(`archiver ${one.port} killed`);
    await one.kill();
    one.start();
  }
  await until(backAt);
  log('their links are dead');
  await store.start(signal);
  log('store is back');
}
