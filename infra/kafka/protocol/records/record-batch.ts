import { crc32c } from '@node-rs/crc32';
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

/** A record as it is encoded. `prefix`: bytes that stand before the value and are the same for many records. */
export type BatchRecord = {
  readonly key: string | null;
  readonly prefix?: Buffer | undefined;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>> | undefined;
};

/** Whose records a batch holds. The broker takes a batch of a producer only as the next one of its partition. */
export type BatchProducer = {
  readonly id: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
};

/** Lengths and deltas of a record, and of a header, at most. */
const FRAMING_BYTES = 30;
const HEADER_FRAMING_BYTES = 10;
/** UTF-8 bytes of a UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;

/** An upper bound of what a record takes in a batch, in bytes. */
export function sizeBound({ key, prefix, value, headers }: BatchRecord): number {
  let bytes = FRAMING_BYTES + BYTES_PER_UNIT * (key?.length ?? 0) + (prefix?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name] ?? '';
    const perUnit = typeof header === 'string' ? BYTES_PER_UNIT : 1;
    bytes += HEADER_FRAMING_BYTES + BYTES_PER_UNIT * name.length + perUnit * header.length;
  }
  return bytes;
}

const FIRST_CAPACITY = 16 * 1024;
/** What key and headers take, roughly. */
const USUAL_OVERHEAD = 300;
/** More than any fixed part of a record takes. */
const HEADROOM = 32;

/**
 * Encodes records into one record batch (magic 2, not compressed), each once, in one buffer that is used again for the next batch.
 * kafkajs makes an encoder of 511 zero bytes for each record and for each of its headers.
 * Source: "Message Format" in the Apache Kafka documentation.
 */
export class RecordBatch {
  private bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  private at = RECORDS_AT;
  private count = 0;

  get records(): number {
    return this.count;
  }

  /** Of the whole batch. */
  get length(): number {
    return this.at;
  }

  clear(): void {
    this.at = RECORDS_AT;
    this.count = 0;
  }

  append({ key, prefix, value, headers }: BatchRecord): void {
    const start = this.at;
    this.makeRoom(HEADROOM);
    // The length stands first and is known last. Nearly always it takes as many bytes as is guessed here.
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

  /** Completes the batch and copies it to `target`; returns the place behind it. */
  write(target: Buffer, at: number, producer: BatchProducer, timestamp: number): number {
    const { bytes, at: end, count } = this;
    bytes.writeBigInt64BE(0n, 0); // first offset: the broker's to say
    bytes.writeInt32BE(end - BEFORE_LENGTH, LENGTH_AT);
    bytes.writeInt32BE(-1, LEADER_EPOCH_AT);
    bytes[MAGIC_AT] = MAGIC;
    bytes.writeInt16BE(producer.isTransactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT);
    bytes.writeInt32BE(count - 1, LAST_DELTA_AT);
    bytes.writeBigInt64BE(BigInt(timestamp), FIRST_TIMESTAMP_AT);
    bytes.writeBigInt64BE(BigInt(timestamp), MAX_TIMESTAMP_AT);
    bytes.writeBigInt64BE(producer.id, PRODUCER_ID_AT);
    bytes.writeInt16BE(producer.epoch, PRODUCER_EPOCH_AT);
    bytes.writeInt32BE(producer.firstSequence, FIRST_SEQUENCE_AT);
    bytes.writeInt32BE(count, COUNT_AT);
    bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT, end)), CRC_AT);
    return at + bytes.copy(target, at, 0, end);
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
    if (headerCount >= 0x40) throw new RangeError('a record may have 63 headers at most');
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
      // Anything but short ASCII is left to the runtime.
      if (unit >= 0x80 || i === LONG_TEXT) {
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

const LONG_TEXT = 128;
