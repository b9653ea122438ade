import type { BatchRecord } from '../protocol/records/record-batch.js';
import type { QueuedRecord } from './record-queue.js';

/** Records that were sent together. `isWithdrawn`: they must not be sent again. */
export type BatchInFlight<R extends BatchRecord> = {
  readonly records: readonly QueuedRecord<R>[];
  isWithdrawn: boolean;
};

/** The batches in flight, in the order in which they were sent. */
export class InFlight<R extends BatchRecord> {
  private readonly batches = new Set<BatchInFlight<R>>();

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

  add(records: readonly QueuedRecord<R>[]): BatchInFlight<R> {
    const batch = { records, isWithdrawn: false };
    this.batches.add(batch);
    return batch;
  }

  /** Removes a batch that was acknowledged. */
  remove(batch: BatchInFlight<R>): void {
    this.batches.delete(batch);
  }

  /** Returns the unsettled records, in order, and withdraws them. They may still arrive. */
  withdraw(): QueuedRecord<R>[] {
    const records = [...this.unsettled()];
    for (const batch of this.batches) batch.isWithdrawn = true;
    return records;
  }

  /** Returns the unsettled records, in order, and forgets all batches, none of which can be acknowledged any more. */
  clear(): QueuedRecord<R>[] {
    const records = [...this.unsettled()];
    this.batches.clear();
    return records;
  }

  /** In order. */
  *unsettled(): Generator<QueuedRecord<R>> {
    for (const { records, isWithdrawn } of this.batches) {
      if (isWithdrawn) continue;
      for (const queued of records) if (queued.settle !== undefined) yield queued;
    }
  }
}
