/** Length of a slot in which requests are counted, in ms. */
export const SLOT_MS = 100;
/** Number of slots in a second. */
export const SECOND = 1_000 / SLOT_MS;

/** Counts requests in slots of 100 ms. Slots are numbered in time; calls pass numbers that never decrease. */
export class RequestRate {
  /** A ring: the slots of the last second, and the one that is not complete. */
  private readonly counts = new Uint32Array(SECOND + 1);
  private newest = 0;

  count(slot: number): void {
    this.advanceTo(slot);
    const at = slot % this.counts.length;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
  }

  /** Requests in the `slots` complete slots before `slot`. @param slots at most {@link SECOND}. */
  before(slot: number, slots: number): number {
    this.advanceTo(slot);
    let sum = 0;
    for (let back = 1; back <= slots; back += 1) {
      sum += this.counts[(slot - back + this.counts.length) % this.counts.length] ?? 0;
    }
    return sum;
  }

  private advanceTo(slot: number): void {
    if (slot - this.newest >= this.counts.length) this.counts.fill(0);
    else for (let next = this.newest + 1; next <= slot; next += 1) this.counts[next % this.counts.length] = 0;
    this.newest = slot;
  }
}
