/** The bytes that the segments of a process may take together. */
export class SpoolBudget {
  private used = 0;

  constructor(private readonly maxBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  get isSpent(): boolean {
    return this.used >= this.maxBytes;
  }

  /** Takes so many bytes if they are free. */
  tryTake(bytes: number): boolean {
    if (this.used + bytes > this.maxBytes) return false;
    this.used += bytes;
    return true;
  }

  /** Counts bytes that are there already, however many may be. */
  count(bytes: number): void {
    this.used += bytes;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}
