const ARITY = 4;
const NOWHERE = -1;
const FIRST_CAPACITY = 1_024;

/**
 * One timer for each slot number, earliest first: a heap in typed arrays that knows where each slot stands in it. So a timer that
 * moves is moved, not left behind as a stale entry: a slot costs 16 bytes, whatever happened to its timer before.
 *
 * Looking at the earliest is O(1), setting and removing O(log n). Slots are small integers, such as those of a table.
 */
export class TimerHeap {
  /** By place in the heap; due times stand side by side, as those of a place's children are compared at every step. */
  private dueTimes = new Float64Array(FIRST_CAPACITY);
  private slots = new Int32Array(FIRST_CAPACITY);
  /** By slot. */
  private places = new Int32Array(FIRST_CAPACITY).fill(NOWHERE);
  private size = 0;

  /** The slot whose timer is due first; `undefined` when there is none. */
  first(): number | undefined {
    return this.size === 0 ? undefined : this.slots[0];
  }

  /** When the first timer is due; `undefined` when there is none. */
  firstDueAt(): number | undefined {
    return this.size === 0 ? undefined : this.dueTimes[0];
  }

  /** Sets or moves the slot's timer. */
  set(slot: number, dueAt: number): void {
    this.reserve(slot);
    const place = this.places[slot] as number;
    if (place === NOWHERE) this.raise(slot, dueAt, this.size++);
    else if (dueAt < (this.dueTimes[place] as number)) this.raise(slot, dueAt, place);
    else if (dueAt > (this.dueTimes[place] as number)) this.sink(slot, dueAt, place);
  }

  remove(slot: number): void {
    const place = this.places[slot] ?? NOWHERE;
    if (place === NOWHERE) return;
    this.places[slot] = NOWHERE;
    this.size -= 1;
    if (place === this.size) return;
    // The last one fills the gap. It may belong above it or below it: the two are in different branches.
    const last = this.slots[this.size] as number;
    const dueAt = this.dueTimes[this.size] as number;
    if (dueAt < (this.dueTimes[place] as number)) this.raise(last, dueAt, place);
    else this.sink(last, dueAt, place);
  }

  private raise(slot: number, dueAt: number, from: number): void {
    const { dueTimes, slots } = this;
    let place = from;
    while (place > 0) {
      const parent = Math.floor((place - 1) / ARITY);
      const above = dueTimes[parent] as number;
      if (above <= dueAt) break;
      this.put(slots[parent] as number, above, place);
      place = parent;
    }
    this.put(slot, dueAt, place);
  }

  private sink(slot: number, dueAt: number, from: number): void {
    const { dueTimes, slots, size } = this;
    let place = from;
    for (;;) {
      const firstChild = place * ARITY + 1;
      const end = Math.min(firstChild + ARITY, size);
      let earliest = NOWHERE;
      let earliestDueAt = dueAt;
      for (let child = firstChild; child < end; child += 1) {
        const childDueAt = dueTimes[child] as number;
        if (childDueAt >= earliestDueAt) continue;
        earliest = child;
        earliestDueAt = childDueAt;
      }
      if (earliest === NOWHERE) break;
      this.put(slots[earliest] as number, earliestDueAt, place);
      place = earliest;
    }
    this.put(slot, dueAt, place);
  }

  private put(slot: number, dueAt: number, place: number): void {
    this.slots[place] = slot;
    this.dueTimes[place] = dueAt;
    this.places[slot] = place;
  }

  /** There are never more timers than slots: one capacity serves all. */
  private reserve(slot: number): void {
    if (slot < this.places.length) return;
    const capacity = Math.ceil(Math.max(slot + 1, this.places.length * 1.5));
    const { dueTimes, slots, places } = this;
    this.dueTimes = new Float64Array(capacity);
    this.dueTimes.set(dueTimes);
    this.slots = new Int32Array(capacity);
    this.slots.set(slots);
    this.places = new Int32Array(capacity).fill(NOWHERE);
    this.places.set(places);
  }
}
