/** Bounds the memory that bodies hold, over all requests. */
export class ByteBudget {
  private taken = 0;

  constructor(private readonly limitBytes: number) {}

  get usedBytes(): number {
    return this.taken;
  }

  /** Takes the bytes if there is room for them. */
  take(bytes: number): boolean {
    if (this.taken + bytes > this.limitBytes) return false;
    this.taken += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.taken -= bytes;
  }
}
