import type { QueuedRecord } from './queued-record.js';

/** Records under way together. `isWithdrawn`: nobody wants them sent again. */
export type FlyingBatch = { readonly records: readonly QueuedRecord[]; isWithdrawn: boolean };

/** The batches that are under way, in the order in which they were sent. */
export class InFlight {
  private readonly batches = new Set<FlyingBatch>();

  get size(): number {
    return this.batches.size;
  }

  /** Whether there is one whose records have been withdrawn. */
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

  add(records: readonly QueuedRecord[]): FlyingBatch {
    const batch = { records, isWithdrawn: false };
    this.batches.add(batch);
    return batch;
  }

  /** The batch has landed. */
  land(batch: FlyingBatch): void {
    this.batches.delete(batch);
  }

  /** The records that have not settled, in order; they are withdrawn, but may still arrive. */
  withdraw(): QueuedRecord[] {
    const records = [...this.unsettled()];
    for (const batch of this.batches) batch.isWithdrawn = true;
    return records;
  }

  /** As {@link withdraw}, when no batch can land any more. */
  crash(): QueuedRecord[] {
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
