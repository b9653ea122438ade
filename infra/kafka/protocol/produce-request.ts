import type { Compressor } from '../compression/codecs.js';
import { protocolRequest, type DecodedAnswer, type ProtocolRequest } from './protocol-request.js';
import { stringBytes, writeString } from './protocol-string.js';
import type { BatchProducer, RecordBatch } from './records/record-batch.js';

/** A batch for one partition. */
export type PartitionBatch = {
  readonly topic: string;
  readonly partition: number;
  readonly batch: RecordBatch;
  readonly producer: BatchProducer;
};

export type ProduceAnswer = {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The leader's clock when it appended the batch (ms); -1 where the topic does not use LogAppendTime. */
  readonly appendedAt: number;
};

/** Supported by brokers from 2.1 to 4.x. The oldest version that may carry zstd. */
const API = { apiKey: 0, apiVersion: 7, apiName: 'Produce' };
const ALL_IN_SYNC_REPLICAS = -1;

export type ProduceOptions = {
  readonly transactionalId: string | null;
  /** How long the leader waits for the replicas. */
  readonly timeoutMs: number;
  /** Time of the records (ms since the epoch). The leader replaces it where the topic uses LogAppendTime. */
  readonly timestamp: number;
  /** Compresses the batches; none if it is left out. */
  readonly compressor?: Compressor | undefined;
};

/**
 * A Produce request, acknowledged by all in-sync replicas, in one buffer of its exact size. The call encodes it, so that the batches can be
 * reused afterwards.
 *
 *     transactional_id acks timeout_ms [topic [partition record_set]]
 *
 * Source: "Produce API" in the Apache Kafka protocol guide.
 */
export function produceRequest(
  batches: readonly PartitionBatch[],
  options: ProduceOptions,
): ProtocolRequest<readonly ProduceAnswer[]> {
  return protocolRequest(API, encode(batches, options), decode);
}

function encode(
  batches: readonly PartitionBatch[],
  { transactionalId, timeoutMs, timestamp, compressor }: ProduceOptions,
): Buffer {
  if (compressor !== undefined) for (const { batch } of batches) batch.compress(compressor);
  const topics = new Map<string, PartitionBatch[]>();
  let size = stringBytes(transactionalId) + 2 + 4 + 4;
  for (const one of batches) {
    const sameTopic = topics.get(one.topic);
    if (sameTopic === undefined) {
      topics.set(one.topic, [one]);
      size += stringBytes(one.topic) + 4;
    } else sameTopic.push(one);
    size += 4 + 4 + one.batch.length;
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = writeString(bytes, 0, transactionalId);
  at = bytes.writeInt16BE(ALL_IN_SYNC_REPLICAS, at);
  at = bytes.writeInt32BE(timeoutMs, at);
  at = bytes.writeInt32BE(topics.size, at);
  for (const [topic, partitions] of topics) {
    at = writeString(bytes, at, topic);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const { partition, batch, producer } of partitions) {
      at = bytes.writeInt32BE(partition, at);
      at = bytes.writeInt32BE(batch.length, at);
      at = batch.write(bytes, at, producer, timestamp);
    }
  }
  return bytes;
}

function decode(bytes: Buffer): DecodedAnswer<readonly ProduceAnswer[]> {
  const answers: ProduceAnswer[] = [];
  let at = 0;
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  for (let topics = int32(); topics > 0; topics -= 1) {
    const nameBytes = bytes.readInt16BE(at);
    const topic = bytes.toString('utf8', at + 2, at + 2 + nameBytes);
    at += 2 + nameBytes;
    for (let partitions = int32(); partitions > 0; partitions -= 1) {
      const partition = int32();
      const errorCode = bytes.readInt16BE(at);
      // Followed by base offset (8 bytes), LogAppendTime (8 bytes), start of the log (8 bytes).
      answers.push({ topic, partition, errorCode, appendedAt: Number(bytes.readBigInt64BE(at + 10)) });
      at += 2 + 8 + 8 + 8;
    }
  }
  return { answer: answers, clientSideThrottleTime: int32() };
}
