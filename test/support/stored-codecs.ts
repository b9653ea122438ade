import { systemClock } from '../../infra/async/clock.js';
import type { CompressionType } from '../../infra/kafka/compression/codec.js';
import { COMPRESSION_TYPES } from '../../infra/kafka/compression/codec.js';
import { closeCluster } from '../../infra/kafka/connection/cluster.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { openLeaderSession } from '../../infra/kafka/consume/leader-session.js';
import { fetchRequest } from '../../infra/kafka/protocol/fetch-request.js';
import {
  ATTRIBUTES_AT,
  BEFORE_LENGTH,
  COMPRESSION,
  CONTROL,
  LENGTH_AT,
  RECORDS_AT,
} from '../../infra/kafka/protocol/records/record-batch-layout.js';

const MAX_BYTES = 64 * 1024 * 1024;

/** How the record batches of a topic are compressed where they are stored, without control batches. */
export async function storedCodecs(kafka: Kafka, topic: string): Promise<ReadonlySet<CompressionType>> {
  const types = new Set<CompressionType>();
  for (const batch of await storedBatches(kafka, topic)) {
    const attributes = batch.readInt16BE(ATTRIBUTES_AT);
    if ((attributes & CONTROL) === 0) types.add(COMPRESSION_TYPES[attributes & COMPRESSION] as CompressionType);
  }
  return types;
}

/** The record batches at the start of a topic's partitions, as the broker stores them. */
export async function storedBatches(kafka: Kafka, topic: string): Promise<readonly Buffer[]> {
  const session = await openLeaderSession(kafka, topic, systemClock);
  try {
    const batches: Buffer[] = [];
    for (const [partition, nodeId] of session.leaders) {
      const broker = await session.cluster.findBroker({ nodeId });
      const request = fetchRequest(topic, [{ partition, offset: 0 }], {
        maxWaitMs: 0,
        maxBytesPerPartition: MAX_BYTES,
      });
      for (const { recordSet } of await broker.connectionPool.send(request)) batches.push(...split(recordSet));
    }
    return batches;
  } finally {
    await closeCluster(session.cluster, []);
  }
}

function split(recordSet: Buffer): Buffer[] {
  const batches: Buffer[] = [];
  for (let at = 0, end: number; at + RECORDS_AT <= recordSet.length; at = end) {
    end = at + BEFORE_LENGTH + recordSet.readInt32BE(at + LENGTH_AT);
    batches.push(recordSet.subarray(at, end));
  }
  return batches;
}
