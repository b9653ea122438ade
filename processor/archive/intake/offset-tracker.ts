/**
 * How far one partition has been dealt with: reading runs ahead, settling follows in any order.
 *
 * Guarantees: {@link position} never passes an offset that was begun and not settled, so whoever reads on from it misses nothing.
 */
export class OffsetTracker {
  /** In the order of the log, as they are begun in that order: the first is the oldest. */
  private readonly unsettled = new Set<number>();
  private next: number | undefined;

  /** Whether this offset was read before: after a rebalance reading starts again at the committed position. */
  hasRead(offset: number): boolean {
    return this.next !== undefined && offset < this.next;
  }

  /** Holds the position back until `offset` is settled. Call it in ascending order, before {@link advance} past it. */
  begin(offset: number): void {
    this.unsettled.add(offset);
  }

  settle(offset: number): void {
    this.unsettled.delete(offset);
  }

  /** All below `nextOffset` has been read. Never goes back. */
  advance(nextOffset: number): void {
    this.next = Math.max(this.next ?? nextOffset, nextOffset);
  }

  /** The position to commit: the oldest unsettled offset, else the next one to read; `undefined` before anything was read. */
  get position(): number | undefined {
    const oldest = this.unsettled.values().next();
    return oldest.done === true ? this.next : oldest.value;
  }

  get unsettledCount(): number {
    return this.unsettled.size;
  }
}
