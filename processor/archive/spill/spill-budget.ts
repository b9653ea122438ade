/** Limits the bytes of the spill files of a process. The limit may change at any time; what is written stays. */
export class SpillBudget {
  private used = 0;

  constructor(public limitBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  /** Reserves the bytes if they are below the limit. */
  tryReserve(bytes: number): boolean {
    if (this.used + bytes > this.limitBytes) return false;
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
