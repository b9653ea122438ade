import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessorUnderTest } from '../processor-under-test.js';
import type { StoreOutage } from './archive-run.js';
import type { MisbehavingSource } from './misbehaving-source.js';
import type { PlannedRecording } from './recording-plan.js';
import type { RecordingLoad } from './recording-load.js';
import type { StoreUnderTest } from './store-under-test.js';

/** Duration of the announcements, as a share of a link's lifetime. */
const ANNOUNCED_SHARE = 0.15;

export type StoreOutageDeps = {
  readonly archivers: readonly ProcessorUnderTest[];
  readonly store: StoreUnderTest;
  readonly source: MisbehavingSource;
  readonly load: RecordingLoad;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Keeps the object store down until the links have expired. Resolves once it is back. */
export async function runStoreOutage(
  { killAt, backAt }: StoreOutage,
  recordings: readonly PlannedRecording[],
  lifetimeMs: number,
  { archivers, store, source, load, log, signal }: StoreOutageDeps,
): Promise<void> {
  await store.kill();
  log(`object store down, announcing ${recordings.length} recordings`);
  const publishing = load.publish(recordings, ANNOUNCED_SHARE * lifetimeMs);
  await delay(ANNOUNCED_SHARE * lifetimeMs, undefined, { signal });
  const announcedAt = performance.now();
  const until = (lifetimes: number) =>
    delay(announcedAt + lifetimes * lifetimeMs - performance.now(), undefined, { signal });
  await until(killAt);
  await publishing;
  const served = source.ledger.published.slice(-recordings.length).filter(({ isServed }) => isServed);
  log(`the source has delivered ${served.length} of them`);
  const [victim] = archivers;
  if (victim !== undefined) {
    log(`archiver ${victim.port} killed`);
    await victim.kill();
    victim.start();
  }
  await until(backAt);
  log('their links have expired');
  await store.start(signal);
  log('object store up again');
}
