import { crc32c } from '@node-rs/crc32';
import { COMPRESSION_TYPES } from '../../compression/codec.js';
import { decompress } from '../../compression/codecs.js';
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
  /** Memory that the records hold. */
  readonly bytes: number;
};

/** Limit of a decompressed batch. Kafka's own producer fills 1 MiB at most, but a few KiB can decompress to any size. */
export const MAX_BATCH_BYTES = 64 * 1024 * 1024;
/** Decompressed bytes after which the rest of a response is left for the next one. */
const ENOUGH_BYTES = 16 * 1024 * 1024;
/** Attributes, two deltas, lengths of key and value, number of headers. */
const MIN_RECORD_BYTES = 6;
/** Type of the control record that aborts a transaction; 1 commits it. */
const ABORT = 0;

/**
 * Reads the records that a read_committed consumer sees, from an offset on, in record batches (magic 2).
 *
 * Source: "Message Format" and "Control Batches" in the Apache Kafka documentation.
 * @param aborted the aborted transactions of the same response.
 * @throws Error with the offset of the batch when one is damaged, cannot be decompressed or holds more than {@link MAX_BATCH_BYTES}. It
 *   fails at each attempt.
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
  let decompressedBytes = 0;
  for (let start = 0, end: number; start + RECORDS_AT <= recordSet.length; start = end) {
    end = start + BEFORE_LENGTH + recordSet.readInt32BE(start + LENGTH_AT);
    // Cut off: the next response has it completely.
    if (end > recordSet.length || decompressedBytes >= ENOUGH_BYTES) break;
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
    if ((attributes & CONTROL) === 0 && lastOffset >= from) {
      const read = readBatch(recordSet.subarray(start, end), attributes, from, records);
      if ((attributes & COMPRESSION) !== 0) decompressedBytes += read;
    }
  }
  return { records, nextOffset, bytes: recordSet.length + decompressedBytes };
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

/** Adds the batch's records from the offset `from` on. @returns size of all its records in bytes. */
function readBatch(batch: Buffer, attributes: number, from: number, records: InputRecord[]): number {
  const baseOffset = Number(batch.readBigInt64BE(0));
  const baseTimestamp = Number(batch.readBigInt64BE(FIRST_TIMESTAMP_AT));
  const appendedAt = (attributes & LOG_APPEND_TIME) === 0 ? undefined : Number(batch.readBigInt64BE(MAX_TIMESTAMP_AT));
  const bytes = decompressed(batch, attributes & COMPRESSION, baseOffset);
  const reader = new VarIntReader(bytes, 0);
  for (let left = batch.readInt32BE(COUNT_AT); left > 0; left -= 1) {
    const length = reader.next();
    const end = reader.at + length;
    // Some codecs return what they have when their input is cut off, without an error.
    if (length < MIN_RECORD_BYTES || end > bytes.length) {
      throw new Error(`the record batch at offset ${baseOffset} is malformed: its last ${left} records are incomplete`);
    }
    reader.at += 1;
    const timestamp = appendedAt ?? baseTimestamp + reader.next();
    if (appendedAt !== undefined) reader.skip();
    const offset = baseOffset + reader.next();
    if (offset >= from) records.push(new InputRecord(offset, timestamp, bytes, reader.at));
    reader.at = end;
  }
  return bytes.length;
}

function decompressed(batch: Buffer, codec: number, baseOffset: number): Buffer {
  const bytes = batch.subarray(RECORDS_AT);
  if (codec === 0 || bytes.length === 0) return bytes;
  try {
    return decompress(codec, bytes, MAX_BATCH_BYTES);
  } catch (cause) {
    const what = `${bytes.length} bytes of ${COMPRESSION_TYPES[codec] ?? `codec ${codec}`}`;
    const nextOffset = baseOffset + batch.readInt32BE(LAST_DELTA_AT) + 1;
    throw new Error(
      `the record batch at offset ${baseOffset} cannot be decompressed (${what}). To skip it, continue at offset ${nextOffset}`,
      { cause },
    );
  }
}
