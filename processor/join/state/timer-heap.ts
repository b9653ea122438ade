const ARITY = 4;
const NOWHERE = -1;
const INITIAL_CAPACITY = 1_024;

/**
 * One timer for each slot number, earliest first: a heap in typed arrays that knows the place of each slot. A changed timer moves in
 * place and leaves no stale entry, so a slot costs 16 bytes however often its timer has changed.
 *
 * Reading the earliest timer is O(1), setting and removing one O(log n). Slots are small integers, such as those of a table.
 */
export class TimerHeap {
  /** By place in the heap. Due times are adjacent, because every step compares those of a place's children. */
  private dueTimes = new Float64Array(INITIAL_CAPACITY);
  private slots = new Int32Array(INITIAL_CAPACITY);
  /** By slot. */
  private places = new Int32Array(INITIAL_CAPACITY).fill(NOWHERE);
  private size = 0;

  /** The slot with the earliest timer; `undefined` when there is none. */
  first(): number | undefined {
    return this.size === 0 ? undefined : this.slots[0];
  }

  /** Due time of the earliest timer; `undefined` when there is none. */
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
    // The last entry fills the gap. It comes from another branch, so it may have to move up or down.
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

  /** One capacity serves all arrays, because there are never more timers than slots. */
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
