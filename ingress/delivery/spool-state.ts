import type { Logger } from '../../infra/observability/logger.js';
import type { WorkerSpool } from '../spool/worker-spool.js';
import type { SpoolState } from './spool-observer.js';

/** @param spool undefined while it cannot be opened. @param now in milliseconds since the epoch. */
export function spoolStateOf(spool: WorkerSpool | undefined, now: number): SpoolState {
  const spools = spool?.all ?? [];
  const oldest = spools.flatMap(({ oldestAt }) => oldestAt ?? []);
  return {
    isAvailable: spool !== undefined && spool.events.isWritable && spool.deadLetters.isWritable,
    bytes: spools.reduce((sum, { bytes }) => sum + bytes, 0),
    records: spools.reduce((sum, { countedRecords }) => sum + countedRecords, 0),
    oldestSeconds: oldest.length === 0 ? 0 : Math.max(0, now - Math.min(...oldest)) / 1_000,
    setAsideFiles: spool?.setAsideFiles ?? 0,
  };
}

const KEEP =
  'keep this volume and start an ingress with it again, or send its events to Kafka with `node dist/ingress/main.js --drain-spool <dir>`';

/** At the stop: says what is still on disk, and what to do about it. Call it when the spool is closed. */
export function logRemains(logger: Logger, root: string, spool: WorkerSpool | undefined, now: number): void {
  if (spool === undefined) {
    logger.warn({ dir: root }, `the spool was never opened, so events of earlier runs may remain in it: ${KEEP}`);
    return;
  }
  const { dir, waitingFolders } = spool;
  const { records, bytes, oldestSeconds, setAsideFiles } = spoolStateOf(spool, now);
  if (spool.all.every(({ isEmpty }) => isEmpty)) logger.info({ dir, records: 0, bytes: 0 }, 'the spool is empty');
  else {
    const isCounted = spool.all.every((one) => one.records !== undefined);
    const counts = {
      records: isCounted ? records : 'not counted yet',
      bytes,
      oldestSeconds: Math.round(oldestSeconds),
    };
    logger.warn({ dir, ...counts }, `records remain in the spool: ${KEEP}`);
  }
  for (const other of waitingFolders) {
    logger.warn({ dir: other }, `records remain in the spool of a former worker that could not be adopted: ${KEEP}`);
  }
  if (setAsideFiles > 0) {
    logger.warn(
      { dir: root, setAsideFiles },
      'spool files were set aside, because they are damaged or Kafka refuses one of their records: inspect *.spool.damaged-* and *.spool.refused-*, nothing sends them again',
    );
  }
}
