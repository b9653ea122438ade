import { crc32c } from '@node-rs/crc32';
import { gunzipSync } from 'node:zlib';
import type { AbortedTransaction } from '../fetch-request.js';
import { InputRecord } from './input-record.js';
import {
  ATTRIBUTES_AT,
  BEFORE_LENGTH,
  COMPRESSION,
  CONTROL,
  COUNT_AT,
  CRC_AT,
  FIRST_TIMESTAMP_AT,
  LAST_DELTA_AT,
  LENGTH_AT,
  LOG_APPEND_TIME,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_ID_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from './record-batch-layout.js';
import { VarIntReader } from './varint-reader.js';

/** Committed records of a stretch of a partition. */
export type CommittedRecords = {
  /** In offset order; empty where there were only control records, aborted transactions or compaction gaps. */
  readonly records: InputRecord[];
  /** Where reading continues; `from` if there was no complete batch. */
  readonly nextOffset: number;
};

const GZIP = 1;
/** Type of the control record that aborts a transaction; 1 commits it. */
const ABORT = 0;

/**
 * Reads the records that a read_committed consumer sees, from an offset on, in record batches (magic 2).
 *
 * Source: "Message Format" and "Control Batches" in the Apache Kafka documentation.
 * @param aborted the aborted transactions of the same response.
 * @throws Error when a batch is damaged, or has another compression than gzip.
 */
export function readCommitted(
  recordSet: Buffer,
  aborted: readonly AbortedTransaction[],
  from: number,
): CommittedRecords {
  const records: InputRecord[] = [];
  const abortedProducers = new Set<bigint>();
  let nextAborted = 0;
  let nextOffset = from;
  for (let start = 0, end: number; start + RECORDS_AT <= recordSet.length; start = end) {
    end = start + BEFORE_LENGTH + recordSet.readInt32BE(start + LENGTH_AT);
    // Cut off: the next response has it completely.
    if (end > recordSet.length) break;
    verify(recordSet, start, end);
    const attributes = recordSet.readInt16BE(start + ATTRIBUTES_AT);
    const lastOffset = Number(recordSet.readBigInt64BE(start)) + recordSet.readInt32BE(start + LAST_DELTA_AT);
    nextOffset = Math.max(nextOffset, lastOffset + 1);
    if ((attributes & TRANSACTIONAL) !== 0) {
      const producerId = recordSet.readBigInt64BE(start + PRODUCER_ID_AT);
      for (let next = aborted[nextAborted]; next !== undefined && next.firstOffset <= lastOffset;) {
        abortedProducers.add(next.producerId);
        next = aborted[(nextAborted += 1)];
      }
      if ((attributes & CONTROL) !== 0 && isAbort(recordSet, start)) abortedProducers.delete(producerId);
      if (abortedProducers.has(producerId)) continue;
    }
    if ((attributes & CONTROL) === 0) readBatch(recordSet.subarray(start, end), attributes, from, records);
  }
  return { records, nextOffset };
}

function verify(recordSet: Buffer, start: number, end: number): void {
  const magic = recordSet[start + MAGIC_AT];
  if (magic !== MAGIC) {
    throw new Error(
      `the record batch at offset ${recordSet.readBigInt64BE(start)} has format ${magic}, only format ${MAGIC} is supported (Kafka 0.11 or later)`,
    );
  }
  if (crc32c(recordSet.subarray(start + ATTRIBUTES_AT, end)) !== recordSet.readUInt32BE(start + CRC_AT)) {
    throw new Error(
      `the record batch at offset ${recordSet.readBigInt64BE(start)} is damaged: its checksum does not match`,
    );
  }
}

/** The key of a control record holds its version and its type, two bytes each. */
function isAbort(recordSet: Buffer, start: number): boolean {
  const reader = new VarIntReader(recordSet, start + RECORDS_AT);
  reader.next();
  reader.at += 1;
  reader.next();
  reader.next();
  return reader.bytes()?.readInt16BE(2) === ABORT;
}

function readBatch(batch: Buffer, attributes: number, from: number, records: InputRecord[]): void {
  const baseOffset = Number(batch.readBigInt64BE(0));
  const baseTimestamp = Number(batch.readBigInt64BE(FIRST_TIMESTAMP_AT));
  const appendedAt = (attributes & LOG_APPEND_TIME) === 0 ? undefined : Number(batch.readBigInt64BE(MAX_TIMESTAMP_AT));
  const bytes = decompress(batch.subarray(RECORDS_AT), attributes & COMPRESSION, baseOffset);
  const reader = new VarIntReader(bytes, 0);
  for (let left = batch.readInt32BE(COUNT_AT); left > 0; left -= 1) {
    const end = reader.next() + reader.at;
    reader.at += 1;
    const timestamp = appendedAt ?? baseTimestamp + reader.next();
    if (appendedAt !== undefined) reader.skip();
    const offset = baseOffset + reader.next();
    if (offset >= from) records.push(new InputRecord(offset, timestamp, bytes, reader.at));
    reader.at = end;
  }
}

function decompress(bytes: Buffer, codec: number, baseOffset: number): Buffer {
  if (codec === 0) return bytes;
  if (codec === GZIP) return gunzipSync(bytes);
  throw new Error(
    `the record batch at offset ${baseOffset} has an unsupported compression (codec ${codec}): set compression.type of the topic and ` +
      'of its producers to none or gzip',
  );
}
