import { VarIntReader } from './varint-reader.js';

/**
 * A record as it was read, without its headers.
 *
 * Only a position in the bytes of its batch, because many records wait at once and a view of bytes costs more than most uses of it.
 * {@link key} and {@link value} create such a view at each call.
 */
export class InputRecord {
  private readonly keyStart: number;
  /** Negative if the key is null. */
  private readonly keyLength: number;
  /** Position of the value in {@link bytes}. */
  readonly valueStart: number;
  /** Negative if the value is null. */
  private readonly valueLength: number;

  /**
   * @param timestamp LogAppendTime where the topic uses it, otherwise the producer's time; ms since the epoch.
   * @param bytes holds key and value from `at` on, each preceded by its length as a varint.
   */
  constructor(
    readonly offset: number,
    readonly timestamp: number,
    readonly bytes: Buffer,
    at: number,
  ) {
    const reader = new VarIntReader(bytes, at);
    this.keyLength = reader.next();
    this.keyStart = reader.at;
    reader.at += Math.max(0, this.keyLength);
    this.valueLength = reader.next();
    this.valueStart = reader.at;
  }

  get key(): Buffer | null {
    const { bytes, keyStart, keyLength } = this;
    return keyLength < 0 ? null : bytes.subarray(keyStart, keyStart + keyLength);
  }

  get value(): Buffer | null {
    return this.isTombstone ? null : this.bytes.subarray(this.valueStart, this.valueEnd);
  }

  get isTombstone(): boolean {
    return this.valueLength < 0;
  }

  /** Size of the value; 0 if it is null. */
  get valueBytes(): number {
    return Math.max(0, this.valueLength);
  }

  /** Position after the value in {@link bytes}. */
  get valueEnd(): number {
    return this.valueStart + this.valueBytes;
  }

  /** Whether the key equals a text in UTF-8. */
  hasKey(text: string): boolean {
    return this.hasAsciiKey(text) || this.key?.toString() === text;
  }

  private hasAsciiKey(text: string): boolean {
    const { bytes, keyStart, keyLength } = this;
    if (keyLength !== text.length) return false;
    for (let i = 0; i < keyLength; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80 || bytes[keyStart + i] !== unit) return false;
    }
    return true;
  }
}
