import { sleep, systemClock } from '../../infra/async/clock.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import type { BatchRecord } from '../../infra/kafka/protocol/records/record-batch.js';
import { withProgress, type Log } from '../../dev/local-stack/progress.js';

const RECORDS_PER_REQUEST = 6_000;
const TIMEOUT_MS = 30_000;

/** Writes records in order, as fast as the broker accepts them. @returns their number, once all are acknowledged. */
export async function produceEvents(
  kafka: Kafka,
  topic: string,
  records: Iterable<BatchRecord>,
  what: string,
  log: Log,
): Promise<number> {
  const session = await produceSessions(kafka)(topic, TIMEOUT_MS);
  try {
    return await withProgress(log, what, async () => {
      let count = 0;
      let sending = Promise.resolve();
      for (const slice of slices(records)) {
        await sending;
        count += slice.length;
        sending = session.send(slice, TIMEOUT_MS);
        // Lets this slice leave before the next one is encoded, which then happens while it is in flight.
        await sleep(systemClock, 0);
      }
      await sending;
      return count;
    });
  } finally {
    session.close();
  }
}

function* slices(records: Iterable<BatchRecord>): Generator<BatchRecord[]> {
  let slice: BatchRecord[] = [];
  for (const record of records) {
    slice.push(record);
    if (slice.length < RECORDS_PER_REQUEST) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
