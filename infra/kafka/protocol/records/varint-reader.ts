/** Reads zigzag varints of up to 53 bits, and what they are the length of. Source: Protocol Buffers' varints. */
export class VarIntReader {
  constructor(
    private readonly buffer: Buffer,
    public at: number,
  ) {}

  next(): number {
    let byte = this.buffer[this.at++] as number;
    // Nearly all are below 2^14: small lengths and deltas.
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

  /** `null` where the length is -1. A view, no copy. */
  bytes(): Buffer | null {
    const length = this.next();
    if (length < 0) return null;
    const start = this.at;
    this.at += length;
    return this.buffer.subarray(start, this.at);
  }
}
