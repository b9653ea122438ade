/**
 * Progress in one partition: reading runs ahead, and recordings settle in any order.
 *
 * Guarantees that {@link position} never passes an offset that has begun and is not settled. Whoever resumes there misses nothing.
 */
export class OffsetTracker {
  /** In ascending order, because offsets begin in that order: the first is the oldest. */
  private readonly unsettled = new Set<number>();
  private next: number | undefined;

  /** Whether this offset was read before: after a rebalance, reading starts again at the committed position. */
  hasRead(offset: number): boolean {
    return this.next !== undefined && offset < this.next;
  }

  /** Holds the position back until `offset` is settled. Call it in ascending order, before {@link advance} passes the offset. */
  begin(offset: number): void {
    this.unsettled.add(offset);
  }

  settle(offset: number): void {
    this.unsettled.delete(offset);
  }

  /** Notes that everything below `nextOffset` has been read. Ignores a lower offset than before. */
  advance(nextOffset: number): void {
    this.next = Math.max(this.next ?? nextOffset, nextOffset);
  }

  /** The position to commit: the oldest unsettled offset, or else the next one to read. `undefined` before the first read. */
  get position(): number | undefined {
    const oldest = this.unsettled.values().next();
    return oldest.done === true ? this.next : oldest.value;
  }
}
