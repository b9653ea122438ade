import type { QueuedRecord } from './queued-record.js';

/** Records that were sent together. `isWithdrawn`: they must not be sent again. */
export type BatchInFlight = {
  readonly records: readonly QueuedRecord[];
  isWithdrawn: boolean;
};

/** The batches in flight, in the order in which they were sent. */
export class InFlight {
  private readonly batches = new Set<BatchInFlight>();

  get size(): number {
    return this.batches.size;
  }

  /** Whether the records of any batch have been withdrawn. */
  get hasWithdrawn(): boolean {
    for (const { isWithdrawn } of this.batches) if (isWithdrawn) return true;
    return false;
  }

  /** Records that wait for their acknowledgement. */
  get length(): number {
    let length = 0;
    for (const { records, isWithdrawn } of this.batches) if (!isWithdrawn) length += records.length;
    return length;
  }

  add(records: readonly QueuedRecord[]): BatchInFlight {
    const batch = { records, isWithdrawn: false };
    this.batches.add(batch);
    return batch;
  }

  /** Removes a batch that was acknowledged. */
  remove(batch: BatchInFlight): void {
    this.batches.delete(batch);
  }

  /** Returns the unsettled records, in order, and withdraws them. They may still arrive. */
  withdraw(): QueuedRecord[] {
    const records = [...this.unsettled()];
    for (const batch of this.batches) batch.isWithdrawn = true;
    return records;
  }

  /** Returns the unsettled records, in order, and forgets all batches, none of which can be acknowledged any more. */
  clear(): QueuedRecord[] {
    const records = [...this.unsettled()];
    this.batches.clear();
    return records;
  }

  /** In order. */
  *unsettled(): Generator<QueuedRecord> {
    for (const { records, isWithdrawn } of this.batches) {
      if (isWithdrawn) continue;
      for (const queued of records) if (!queued.isSettled) yield queued;
    }
  }
}
