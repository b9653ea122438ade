import { ProtocolError } from './protocol-error.js';
import { protocolRequest, type DecodedAnswer, type ProtocolRequest } from './protocol-request.js';
import { stringBytes, writeString } from './protocol-string.js';

/** Where to read a partition from. */
export type FetchPosition = { readonly partition: number; readonly offset: number };

/** An aborted transaction: the producer's records from this offset up to its abort marker must be skipped. */
export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: number };

export type FetchAnswer = {
  readonly partition: number;
  readonly errorCode: number;
  /** End of the partition: the offset after the last record that all in-sync replicas have. */
  readonly highWatermark: number;
  /** The aborted transactions in `recordSet`, by first offset. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches. The first may begin before the requested offset, the last may be cut off. */
  readonly recordSet: Buffer;
};

export type FetchLimits = {
  /** How long the broker waits for the first record. */
  readonly maxWaitMs: number;
  readonly maxBytesPerPartition: number;
};

/** Supported by brokers from 2.1 to 4.x. The oldest version to which they answer with zstd, rather than with an error. */
const API = { apiKey: 1, apiVersion: 10, apiName: 'Fetch' };
const CONSUMER = -1;
const READ_COMMITTED = 1;
const UNKNOWN = -1n;
/** No fetch session: the request names all partitions. */
const NO_SESSION = 0;
const FULL_FETCH = -1;
/** The leader's epoch is not checked. */
const ANY_EPOCH = -1;
/** Time for the response after the broker's wait has ended. */
const RESPONSE_TIMEOUT_MS = 15_000;

/**
 * A Fetch request for committed records of one topic. The broker answers as soon as it has any.
 *
 * The broker exceeds the limit of a partition only for the first one in the request. Rotate the partitions, so that a batch larger than the
 * limit does not block its partition forever.
 *
 *     replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch
 *       [topic [partition leader_epoch offset log_start partition_max_bytes]] [forgotten_topic]
 *
 * Source: "Fetch API" in the Apache Kafka protocol guide.
 */
export function fetchRequest(
  topic: string,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): ProtocolRequest<readonly FetchAnswer[]> {
  return protocolRequest(API, encode(topic, positions, limits), decode, limits.maxWaitMs + RESPONSE_TIMEOUT_MS);
}

function encode(
  topic: string,
  positions: readonly FetchPosition[],
  { maxWaitMs, maxBytesPerPartition }: FetchLimits,
): Buffer {
  const bytes = Buffer.allocUnsafe(4 * 4 + 1 + 2 * 4 + 4 + stringBytes(topic) + 4 + positions.length * 28 + 4);
  let at = bytes.writeInt32BE(CONSUMER, 0);
  at = bytes.writeInt32BE(maxWaitMs, at);
  at = bytes.writeInt32BE(1, at);
  at = bytes.writeInt32BE(positions.length * maxBytesPerPartition, at);
  at = bytes.writeInt8(READ_COMMITTED, at);
  at = bytes.writeInt32BE(NO_SESSION, at);
  at = bytes.writeInt32BE(FULL_FETCH, at);
  at = bytes.writeInt32BE(1, at);
  at = writeString(bytes, at, topic);
  at = bytes.writeInt32BE(positions.length, at);
  for (const { partition, offset } of positions) {
    at = bytes.writeInt32BE(partition, at);
    at = bytes.writeInt32BE(ANY_EPOCH, at);
    at = bytes.writeBigInt64BE(BigInt(offset), at);
    at = bytes.writeBigInt64BE(UNKNOWN, at);
    at = bytes.writeInt32BE(maxBytesPerPartition, at);
  }
  bytes.writeInt32BE(0, at);
  return bytes;
}

function decode(bytes: Buffer): DecodedAnswer<readonly FetchAnswer[]> {
  const answers: FetchAnswer[] = [];
  let at = 0;
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  const int64 = (): bigint => bytes.readBigInt64BE((at += 8) - 8);
  const clientSideThrottleTime = int32();
  const requestError = bytes.readInt16BE(at);
  if (requestError !== 0) throw new ProtocolError(requestError, 'reading');
  // Skips the error and the fetch session.
  at += 2 + 4;
  for (let topics = int32(); topics > 0; topics -= 1) {
    at += 2 + bytes.readInt16BE(at);
    for (let partitions = int32(); partitions > 0; partitions -= 1) {
      const partition = int32();
      const errorCode = bytes.readInt16BE(at);
      at += 2;
      const highWatermark = Number(int64());
      // Skips last stable offset and start of the log.
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
