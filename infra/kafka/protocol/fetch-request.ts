import type { ProtocolRequest } from '../connection/cluster.js';
import { protocolRequest, type DecodedAnswer } from './protocol-request.js';
import { stringBytes, writeString } from './protocol-string.js';

/** Where to read a partition from. */
export type FetchPosition = { readonly partition: number; readonly offset: number };

/** A transaction that was aborted: what its producer wrote from this offset on, up to its abort marker, does not count. */
export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: number };

export type FetchAnswer = {
  readonly partition: number;
  readonly errorCode: number;
  /** The end of the partition: behind the last record that all in-sync replicas have. */
  readonly highWatermark: number;
  /** Those that touch `recordSet`, by first offset. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches: the first may begin before the offset that was asked for, the last may be cut off. */
  readonly recordSet: Buffer;
};

export type FetchLimits = {
  /** How long the broker waits for a first record. */
  readonly maxWaitMs: number;
  readonly maxBytesPerPartition: number;
};

/** Brokers from 1.0 on know this version; those of 4.x still do. */
const API = { apiKey: 1, apiVersion: 5, apiName: 'Fetch' };
const CONSUMER = -1;
const READ_COMMITTED = 1;
const UNKNOWN = -1n;
/** Between the end of the broker's wait and its answer. */
const ANSWER_WITHIN_MS = 15_000;

/**
 * A Fetch request for committed records of one topic. The broker answers as soon as it has any.
 *
 * A partition is read past its limit only where it stands first: so that a batch larger than it does not stop a partition for ever, put
 * another first each time.
 * Source: "Fetch API" in the Apache Kafka protocol guide.
 */
export function fetchRequest(
  topic: string,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): ProtocolRequest<readonly FetchAnswer[]> {
  return protocolRequest(API, encode(topic, positions, limits), decode, limits.maxWaitMs + ANSWER_WITHIN_MS);
}

function encode(
  topic: string,
  positions: readonly FetchPosition[],
  { maxWaitMs, maxBytesPerPartition }: FetchLimits,
): Buffer {
  const bytes = Buffer.allocUnsafe(4 * 4 + 1 + 4 + stringBytes(topic) + 4 + positions.length * 24);
  let at = bytes.writeInt32BE(CONSUMER, 0);
  at = bytes.writeInt32BE(maxWaitMs, at);
  at = bytes.writeInt32BE(1, at);
  at = bytes.writeInt32BE(positions.length * maxBytesPerPartition, at);
  at = bytes.writeInt8(READ_COMMITTED, at);
  at = bytes.writeInt32BE(1, at);
  at = writeString(bytes, at, topic);
  at = bytes.writeInt32BE(positions.length, at);
  for (const { partition, offset } of positions) {
    at = bytes.writeInt32BE(partition, at);
    at = bytes.writeBigInt64BE(BigInt(offset), at);
    at = bytes.writeBigInt64BE(UNKNOWN, at);
    at = bytes.writeInt32BE(maxBytesPerPartition, at);
  }
  return bytes;
}

function decode(bytes: Buffer): DecodedAnswer<readonly FetchAnswer[]> {
  const answers: FetchAnswer[] = [];
  let at = 0;
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  const int64 = (): bigint => bytes.readBigInt64BE((at += 8) - 8);
  const clientSideThrottleTime = int32();
  for (let topics = int32(); topics > 0; topics -= 1) {
    at += 2 + bytes.readInt16BE(at);
    for (let partitions = int32(); partitions > 0; partitions -= 1) {
      const partition = int32();
      const errorCode = bytes.readInt16BE(at);
      at += 2;
      const highWatermark = Number(int64());
      // Behind it: last stable offset, start of the log.
      at += 2 * 8;
      const aborted: AbortedTransaction[] = [];
      for (let left = int32(); left > 0; left -= 1) aborted.push({ producerId: int64(), firstOffset: Number(int64()) });
      const length = Math.max(0, int32());
      answers.push({ partition, errorCode, highWatermark, aborted, recordSet: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return { answer: answers, clientSideThrottleTime };
}
