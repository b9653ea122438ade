import { withTimeout } from '../../infra/async/timeout.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { GroupConsumer } from '../../infra/kafka/consume/group-consumer.js';
import type { SessionComplete } from '../../schemas/generated/types.js';
import { decodeWire } from '../../schemas/wire-format.js';

/** Reads joined records until each of the sessions has one. @returns all that were read, also if some sessions are missing in time. */
export async function joinedRecords(
  kafka: Kafka,
  topic: string,
  sessionIds: readonly string[],
  timeoutMs: number,
): Promise<SessionComplete[]> {
  const records: SessionComplete[] = [];
  let done = (): void => undefined;
  const all = new Promise<void>((resolve) => (done = resolve));
  const missing = new Set(sessionIds);
  const consumer = new GroupConsumer(kafka, {
    groupId: `soak-rescue-${Date.now()}`,
    topic,
    startAt: 'committed',
    onAssigned: () => undefined,
    onBatch: (batch) => {
      for (const { value } of batch.records) {
        const json = value === null ? undefined : decodeWire(value)?.json;
        if (json === undefined) continue;
        const record = JSON.parse(json.toString()) as SessionComplete;
        records.push(record);
        missing.delete(record.sessionId);
      }
      if (missing.size === 0) done();
      return Promise.resolve();
    },
    onCrash: () => done(),
  });
  await consumer.start();
  try {
    await withTimeout(all, timeoutMs, 'reading joined records').catch(() => undefined);
    return records;
  } finally {
    await consumer.stop();
  }
}
