import { VarIntReader } from './varint-reader.js';

/**
 * A record of a topic, as it was read. Headers are not.
 *
 * It is a place in the bytes that it came with: most records wait for others before them, so each is small, and a view of bytes costs
 * more than most that is done with it. {@link key} and {@link value} are such views, made anew each time.
 */
export class InputRecord {
  private readonly keyStart: number;
  /** Negative for a key, or a value, that is null. */
  private readonly keyLength: number;
  /** Where the value begins in {@link bytes}. */
  readonly valueStart: number;
  private readonly valueLength: number;

  /**
   * @param timestamp LogAppendTime of the partition's leader where the topic has it, else the producer's time; ms since the epoch.
   * @param bytes holds, from `at` on, key and value, each behind its length as a varint.
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

  /** Size of the value; 0 when there is none. */
  get valueBytes(): number {
    return Math.max(0, this.valueLength);
  }

  /** Where the value ends in {@link bytes}. */
  get valueEnd(): number {
    return this.valueStart + this.valueBytes;
  }

  /** Whether the key is this text, in UTF-8. */
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
