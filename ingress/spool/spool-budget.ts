/** Limits the bytes of all segments of a process. */
export class SpoolBudget {
  private used = 0;

  constructor(private readonly maxBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  get isSpent(): boolean {
    return this.used >= this.maxBytes;
  }

  /** Reserves the bytes if they are free. */
  tryReserve(bytes: number): boolean {
    if (this.used + bytes > this.maxBytes) return false;
    this.used += bytes;
    return true;
  }

  /** Counts bytes that are on disk already, even beyond the limit. */
  count(bytes: number): void {
    this.used += bytes;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}
