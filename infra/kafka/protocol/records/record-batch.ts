import { crc32c } from '@node-rs/crc32';
import type { Compressor } from '../../compression/codecs.js';
import {
  ATTRIBUTES_AT,
  BEFORE_LENGTH,
  COUNT_AT,
  CRC_AT,
  FIRST_SEQUENCE_AT,
  FIRST_TIMESTAMP_AT,
  LAST_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORDS_AT,
  TRANSACTIONAL,
} from './record-batch-layout.js';
import { NULL_LENGTH, sizeOfVarInt, writeVarInt } from './varint.js';

/** A record to encode. `prefix`: bytes before the value, shared by many records. */
export type BatchRecord = {
  readonly key: string | null;
  readonly prefix?: Buffer | undefined;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>> | undefined;
};

/** The producer of a batch. The broker accepts its batches only in the order of their sequence numbers. */
export type BatchProducer = {
  readonly id: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
};

/** Upper bounds of the lengths and deltas of a record, and of a header. */
const FRAMING_BYTES = 30;
const HEADER_FRAMING_BYTES = 10;
/** Upper bound of the UTF-8 bytes of a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/** Upper bound of a record's size in a batch, in bytes. */
export function sizeBound({ key, prefix, value, headers }: BatchRecord): number {
  let bytes = FRAMING_BYTES + BYTES_PER_UNIT * (key?.length ?? 0) + (prefix?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name] ?? '';
    const perUnit = typeof header === 'string' ? BYTES_PER_UNIT : 1;
    bytes += HEADER_FRAMING_BYTES + BYTES_PER_UNIT * name.length + perUnit * header.length;
  }
  return bytes;
}

const INITIAL_CAPACITY = 16 * 1024;
/** Estimate of the size of key and headers. */
const USUAL_OVERHEAD = 300;
/** Free space that is enough for any fixed part of a record. */
const HEADROOM = 32;
/** Texts up to this length are copied unit by unit, which is faster than the runtime's encoder. */
const MAX_SHORT_TEXT = 128;

/**
 * Encodes records into one record batch (magic 2), in a buffer that is reused for the next batch. kafkajs allocates an encoder of 511 bytes
 * for each record and for each header.
 * Source: "Message Format" in the Apache Kafka documentation.
 */
export class RecordBatch {
  private bytes = Buffer.allocUnsafeSlow(INITIAL_CAPACITY);
  private at = RECORDS_AT;
  private count = 0;
  private compressed: { readonly codec: number; readonly records: Buffer } | undefined;

  get records(): number {
    return this.count;
  }

  /** Size of the whole batch in bytes, as {@link write} writes it. */
  get length(): number {
    return this.compressed === undefined ? this.at : RECORDS_AT + this.compressed.records.length;
  }

  /** Size of the whole batch without compression, which is at least {@link length}. */
  get uncompressedLength(): number {
    return this.at;
  }

  clear(): void {
    this.at = RECORDS_AT;
    this.count = 0;
    this.compressed = undefined;
  }

  /** Compresses the records, unless that makes them no smaller or has been done. The next {@link append} undoes it. */
  compress({ id, compress }: Compressor): void {
    if (this.compressed !== undefined) return;
    const records = compress(this.bytes.subarray(RECORDS_AT, this.at));
    if (RECORDS_AT + records.length < this.at) this.compressed = { codec: id, records };
  }

  append({ key, prefix, value, headers }: BatchRecord): void {
    const start = this.at;
    this.compressed = undefined;
    this.makeRoom(HEADROOM);
    // The length comes first but is known last. Its size is nearly always the one guessed here.
    const guessedWidth = sizeOfVarInt(USUAL_OVERHEAD + (value === null ? 0 : value.length));
    const bodyAt = start + guessedWidth;
    this.bytes[bodyAt] = 0; // attributes
    this.bytes[bodyAt + 1] = 0; // timestamp delta
    this.at = writeVarInt(this.bytes, bodyAt + 2, this.count);
    if (key === null) this.writeNull();
    else this.writeText(key);
    if (value === null) this.writeNull();
    else this.writeBytes(prefix, value);
    this.writeHeaders(headers);
    const bodyBytes = this.at - bodyAt;
    const width = sizeOfVarInt(bodyBytes);
    if (width !== guessedWidth) {
      this.makeRoom(HEADROOM);
      this.bytes.copyWithin(start + width, bodyAt, this.at);
    }
    writeVarInt(this.bytes, start, bodyBytes);
    this.at = start + width + bodyBytes;
    this.count += 1;
  }

  /** Completes the batch and copies it to `target`; returns the position after it. */
  write(target: Buffer, at: number, producer: BatchProducer, timestamp: number): number {
    const { bytes, at: end, count, compressed } = this;
    bytes.writeBigInt64BE(0n, 0); // the broker sets the first offset
    bytes.writeInt32BE(this.length - BEFORE_LENGTH, LENGTH_AT);
    bytes.writeInt32BE(-1, LEADER_EPOCH_AT);
    bytes[MAGIC_AT] = MAGIC;
    bytes.writeInt16BE((producer.isTransactional ? TRANSACTIONAL : 0) | (compressed?.codec ?? 0), ATTRIBUTES_AT);
    bytes.writeInt32BE(count - 1, LAST_DELTA_AT);
    bytes.writeBigInt64BE(BigInt(timestamp), FIRST_TIMESTAMP_AT);
    bytes.writeBigInt64BE(BigInt(timestamp), MAX_TIMESTAMP_AT);
    bytes.writeBigInt64BE(producer.id, PRODUCER_ID_AT);
    bytes.writeInt16BE(producer.epoch, PRODUCER_EPOCH_AT);
    bytes.writeInt32BE(producer.firstSequence, FIRST_SEQUENCE_AT);
    bytes.writeInt32BE(count, COUNT_AT);
    if (compressed === undefined) {
      bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT, end)), CRC_AT);
      return at + bytes.copy(target, at, 0, end);
    }
    bytes.copy(target, at, 0, RECORDS_AT);
    const targetEnd = at + RECORDS_AT + compressed.records.copy(target, at + RECORDS_AT);
    target.writeUInt32BE(crc32c(target.subarray(at + ATTRIBUTES_AT, targetEnd)), at + CRC_AT);
    return targetEnd;
  }

  private writeHeaders(headers: BatchRecord['headers']): void {
    const countAt = this.at;
    this.makeRoom(HEADROOM);
    this.at += 1;
    let headerCount = 0;
    if (headers !== undefined) {
      for (const name in headers) {
        const field = headers[name] as string | Buffer;
        this.writeText(name);
        if (typeof field === 'string') this.writeText(field);
        else this.writeBytes(undefined, field);
        headerCount += 1;
      }
    }
    if (headerCount >= 0x40) throw new RangeError(`a record has ${headerCount} headers, at most 63 are supported`);
    writeVarInt(this.bytes, countAt, headerCount);
  }

  private writeNull(): void {
    this.makeRoom(HEADROOM);
    this.bytes[this.at++] = NULL_LENGTH;
  }

  private writeBytes(prefix: Buffer | undefined, value: Buffer): void {
    const prefixBytes = prefix === undefined ? 0 : prefix.length;
    this.makeRoom(HEADROOM + prefixBytes + value.length);
    const { bytes } = this;
    let at = writeVarInt(bytes, this.at, prefixBytes + value.length);
    for (let i = 0; i < prefixBytes; i += 1) bytes[at++] = (prefix as Buffer)[i] as number;
    bytes.set(value, at);
    this.at = at + value.length;
  }

  private writeText(text: string): void {
    const units = text.length;
    this.makeRoom(HEADROOM + BYTES_PER_UNIT * units);
    const { bytes } = this;
    let at = writeVarInt(bytes, this.at, units);
    for (let i = 0; i < units; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80 || i === MAX_SHORT_TEXT) {
        const textBytes = Buffer.byteLength(text);
        const textAt = writeVarInt(bytes, this.at, textBytes);
        bytes.write(text, textAt, 'utf8');
        this.at = textAt + textBytes;
        return;
      }
      bytes[at++] = unit;
    }
    this.at = at;
  }

  private makeRoom(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
