/** Reads zigzag varints of up to 53 bits, and bytes whose length is such a varint. Source: Protocol Buffers' varints. */
export class VarIntReader {
  constructor(
    private readonly buffer: Buffer,
    public at: number,
  ) {}

  next(): number {
    let byte = this.buffer[this.at++] as number;
    // Most are small lengths and deltas, below 2^14.
    let value = byte & 0x7f;
    for (let weight = 0x80; byte >= 0x80; weight *= 0x80) {
      byte = this.buffer[this.at++] as number;
      value += (byte & 0x7f) * weight;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skip(): void {
    while ((this.buffer[this.at++] as number) >= 0x80);
  }

  /** A view of the bytes, not a copy; `null` where the length is -1. */
  bytes(): Buffer | null {
    const length = this.next();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.buffer.subarray(start, this.at);
  }
}
