import { sleep, systemClock } from '../../infra/async/clock.js';
import type { ProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { BatchRecord } from '../../infra/kafka/protocol/records/record-batch.js';

const TICK_MS = 4;
const TIMEOUT_MS = 10_000;

export type SteadyLoad = {
  /** Records a second. */
  readonly rate: number;
  readonly records: Iterator<BatchRecord>;
  /** Called for each record just before it is sent. */
  readonly onSend: (record: BatchRecord) => void;
};

/**
 * Sends records at a steady rate, in small batches of those that are due; resolves when all are acknowledged. After a stall it catches up
 * at once.
 */
export async function sendSteadily(session: ProduceSession, { rate, records, onSend }: SteadyLoad): Promise<void> {
  const startedAt = performance.now();
  let sent = 0;
  for (;;) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * rate) - sent;
    if (due <= 0) {
      await sleep(systemClock, TICK_MS);
      continue;
    }
    const batch: BatchRecord[] = [];
    while (batch.length < due) {
      const next = records.next();
      if (next.done === true) break;
      batch.push(next.value);
      onSend(next.value);
    }
    if (batch.length === 0) return;
    sent += batch.length;
    await session.send(batch, TIMEOUT_MS);
  }
}
