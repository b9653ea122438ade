import { createKafka } from '../../infra/kafka/connection/client.js';
import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { PartitionReader } from '../../infra/kafka/consume/partition-reader.js';
import { createLogger } from '../../infra/observability/logger.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings, type Env } from '../../infra/settings/read-settings.js';
import { topicNames } from '../../schemas/topics.js';
import { decodeWire } from '../../schemas/wire-format.js';
import type { EventLedger } from './event-ledger.js';
import type { NumberedEvents } from './numbered-events.js';

/** Reads all of `session.events` into the ledger, partition by partition, and closes the ledger. The topic must not change meanwhile. */
export async function readBack(env: Env, events: NumberedEvents, ledger: EventLedger): Promise<void> {
  const settings = readSettings(env, commonSpecs, commonFaults);
  const topic = topicNames(settings.TOPIC_PREFIX).events;
  const kafka = createKafka(settings, 'soak', createLogger('soak', 'silent'));
  const offsets = new OffsetReader(kafka);
  const reader = new PartitionReader(kafka, topic);
  try {
    await offsets.start();
    for (const [partition, { low, end }] of await offsets.bounds(topic)) {
      if (low === end) continue;
      await reader.read(partition, ({ offset, key, value }) => {
        const json = value === null ? undefined : decodeWire(value)?.json;
        ledger.arrived(json === undefined ? undefined : events.eventOf(key?.toString() ?? null, json));
        return offset >= end - 1 ? 'done' : 'more';
      });
    }
  } finally {
    reader.stop();
    await offsets.close();
  }
  ledger.close();
}
