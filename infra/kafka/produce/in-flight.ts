import type { QueuedRecord } from './queued-record.js';

/** Records that were sent together to one leader. Those of `removed` partitions must not be sent again, or wait elsewhere. */
export type BatchInFlight = {
  readonly leader: number;
  readonly records: readonly QueuedRecord[];
  removed: ReadonlySet<number>;
};

const NONE: ReadonlySet<number> = new Set();

/** The batches in flight, in the order in which they were sent. */
export class InFlight {
  private readonly batches = new Set<BatchInFlight>();
  private readonly sizes = new Map<number, number>();
  private anyRemoved = false;

  get size(): number {
    return this.batches.size;
  }

  /** Batches in flight to a leader. */
  sizeOf(leader: number): number {
    return this.sizes.get(leader) ?? 0;
  }

  /** Whether records of any batch have been removed. */
  get hasRemoved(): boolean {
    return this.anyRemoved;
  }

  /** Whether a leader still has to answer for records that have been removed. */
  isClogged(leader: number): boolean {
    for (const batch of this.batches) if (batch.leader === leader && batch.removed.size > 0) return true;
    return false;
  }

  /** Records that wait for their acknowledgement. */
  get length(): number {
    let length = 0;
    for (const { records, removed } of this.batches) {
      length += removed.size === 0 ? records.length : records.filter(({ partition }) => !removed.has(partition)).length;
    }
    return length;
  }

  add(leader: number, records: readonly QueuedRecord[]): BatchInFlight {
    const batch = { leader, records, removed: NONE };
    this.batches.add(batch);
    this.sizes.set(leader, this.sizeOf(leader) + 1);
    return batch;
  }

  /** Removes a batch that was answered. */
  remove(batch: BatchInFlight): void {
    if (!this.batches.delete(batch)) return;
    this.sizes.set(batch.leader, this.sizeOf(batch.leader) - 1);
    if (this.anyRemoved) this.anyRemoved = [...this.batches].some(({ removed }) => removed.size > 0);
  }

  /** Returns the unsettled records of the partitions, or all, in order, and removes them. They may still arrive. */
  take(partitions?: ReadonlySet<number>): QueuedRecord[] {
    const taken: QueuedRecord[] = [];
    for (const batch of this.batches) {
      const removed = new Set(batch.removed);
      for (const queued of batch.records) {
        if (batch.removed.has(queued.partition) || partitions?.has(queued.partition) === false) continue;
        removed.add(queued.partition);
        if (!queued.isSettled) taken.push(queued);
      }
      batch.removed = removed;
      if (removed.size > 0) this.anyRemoved = true;
    }
    return taken;
  }

  /** Returns the unsettled records, in order, and forgets all batches, none of which can be acknowledged any more. */
  clear(): QueuedRecord[] {
    const records = [...this.unsettled()];
    this.batches.clear();
    this.sizes.clear();
    this.anyRemoved = false;
    return records;
  }

  /** In order. */
  *unsettled(): Generator<QueuedRecord> {
    for (const { records, removed } of this.batches) {
      for (const queued of records) if (!queued.isSettled && !removed.has(queued.partition)) yield queued;
    }
  }
}
