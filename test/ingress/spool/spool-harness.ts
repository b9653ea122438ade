import { pino, type Logger } from 'pino';
import type { IncomingRecord } from '../../../ingress/record.js';
import type { SpoolFs } from '../../../ingress/spool/file-system.js';
import { SpoolBudget } from '../../../ingress/spool/spool-budget.js';
import type { SpoolOptions } from '../../../ingress/spool/spool-options.js';
import { Spool } from '../../../ingress/spool/spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';

export const DIR = '/spool';

export function event(key: string, body: string | Buffer = `body of ${key}`): IncomingRecord {
  return { stream: 'events', key, body: Buffer.from(body), headers: { ce_id: key } };
}

/** Opens a scanned spool, by default on a clock that never advances. */
export async function openSpool(fs: SpoolFs, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const budget = new SpoolBudget(1e9);
  const spool = await Spool.open({ fs, dir: DIR, budget, logger: silent, clock: new ManualClock(), ...options });
  await spool.scan();
  return spool;
}

/** Reads all records, draining each slice at once. */
export async function drainAll(spool: Spool): Promise<IncomingRecord[]> {
  const records: IncomingRecord[] = [];
  for (;;) {
    const slice = await spool.read();
    if (slice === undefined) return records;
    records.push(...slice.records.map(({ record }) => record));
    spool.drained(slice);
  }
}

export const keysOf = (records: readonly IncomingRecord[]) => records.map(({ key }) => key);

/** A logger that collects its lines. */
export function recordingLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { logger, lines };
}
