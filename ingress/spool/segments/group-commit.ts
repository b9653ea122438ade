type Waiting<T, R> = { readonly item: T; readonly settle: (result: R) => void };

/**
 * Commits items in groups, one group at a time, in order of arrival. The first group contains the items of one turn of the event loop,
 * each further group the items that arrived during the previous commit.
 */
export class GroupCommit<T, R> {
  private waiting: Waiting<T, R>[] = [];
  private committing = 0;
  private isRunning = false;

  /** @param commit must not reject. Its result applies to every item of the group. */
  constructor(
    private readonly commit: (group: readonly T[]) => Promise<R>,
    private readonly maxGroupBytes: number,
    private readonly bytesOf: (item: T) => number,
  ) {}

  /** Number of items that are not committed yet. */
  get pending(): number {
    return this.waiting.length + this.committing;
  }

  /** Resolves with the result of the commit that contained this item. */
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
      const group = this.nextGroup();
      this.committing = group.length;
      const result = await this.commit(group.map(({ item }) => item));
      this.committing = 0;
      for (const { settle } of group) settle(result);
    }
    this.isRunning = false;
  }

  private nextGroup(): Waiting<T, R>[] {
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
