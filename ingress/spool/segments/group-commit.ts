type Waiting<T, R> = { readonly item: T; readonly settle: (result: R) => void };

/**
 * Commits what comes in groups: the first group is what comes in the same turn of the event loop, each next one what came
 * while the one before was committed. One commit at a time, in order of arrival.
 */
export class GroupCommit<T, R> {
  private waiting: Waiting<T, R>[] = [];
  private committing = 0;
  private isRunning = false;

  /**
   * @param commit must not reject; its result is that of each item of the group.
   */
  constructor(
    private readonly commit: (group: readonly T[]) => Promise<R>,
    private readonly maxGroupBytes: number,
    private readonly bytesOf: (item: T) => number,
  ) {}

  /** Items whose commit has not ended. */
  get pending(): number {
    return this.waiting.length + this.committing;
  }

  /** Resolves with the result of the commit that this item was part of. */
  add(item: T): Promise<R> {
    return new Promise((settle) => {
      this.waiting.push({ item, settle });
      if (this.isRunning) return;
      this.isRunning = true;
      setImmediate(() => void this.run());
    });
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.take();
      this.committing = group.length;
      const result = await this.commit(group.map(({ item }) => item));
      this.committing = 0;
      for (const { settle } of group) settle(result);
    }
    this.isRunning = false;
  }

  private take(): Waiting<T, R>[] {
    let bytes = 0;
    let end = 0;
    for (const { item } of this.waiting) {
      bytes += this.bytesOf(item);
      if (end > 0 && bytes > this.maxGroupBytes) break;
      end += 1;
    }
    return this.waiting.splice(0, end);
  }
}
