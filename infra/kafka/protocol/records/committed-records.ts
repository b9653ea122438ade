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

/** A stretch of a partition. */
export type CommittedRecords = {
  /** In offset order; none where there were only control records, aborted transactions or compaction gaps. */
  readonly records: InputRecord[];
  /** Where reading goes on; `from` when not one whole batch was there. */
  readonly nextOffset: number;
};

const GZIP = 1;
/** Type of a control record that ends a transaction: 0 aborts, 1 commits. */
const ABORT = 0;

/**
 * Reads record batches (magic 2): what a read_committed consumer sees of them from an offset on.
 *
 * Source: "Message Format" and "Control Batches" in the Apache Kafka documentation.
 * @param aborted of the same answer of the broker: see {@link AbortedTransaction}.
 * @throws Error when a batch is damaged, or compressed with other than gzip.
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
    // Cut off: it comes whole, with the next answer.
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
  if (magic !== MAGIC)
    throw new Error(`a record batch of format ${magic} cannot be read, only format ${MAGIC} (Kafka 0.11 or later)`);
  if (crc32c(recordSet.subarray(start + ATTRIBUTES_AT, end)) !== recordSet.readUInt32BE(start + CRC_AT)) {
    throw new Error(
      `the record batch at offset ${recordSet.readBigInt64BE(start)} is damaged: its checksum does not fit`,
    );
  }
}

/** Key of a control record: version, type, two bytes each. */
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
  const bytes = decompressed(batch.subarray(RECORDS_AT), attributes & COMPRESSION);
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

function decompressed(bytes: Buffer, codec: number): Buffer {
  if (codec === 0) return bytes;
  if (codec === GZIP) return gunzipSync(bytes);
  throw new Error(
    'the records are compressed, and not with gzip: set compression.type of topic and producers to none or gzip',
  );
}
