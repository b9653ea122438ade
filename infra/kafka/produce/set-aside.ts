import type { QueuedRecord } from './queued-record.js';

/** Records that wait because their partition, or its leader, cannot take more at present: so they do not hold up those behind them. */
export class SetAside {
  private readonly records = new Map<number, QueuedRecord[]>();

  /** Number of records. */
  get length(): number {
    let length = 0;
    for (const ofPartition of this.records.values()) length += ofPartition.length;
    return length;
  }

  get isEmpty(): boolean {
    return this.records.size === 0;
  }

  /** Those of one partition are in order. */
  all(): QueuedRecord[] {
    return [...this.records.values()].flat();
  }

  has(partition: number): boolean {
    return this.records.has(partition);
  }

  /** Adds a record behind the others of its partition. */
  add(queued: QueuedRecord): void {
    const ofPartition = this.records.get(queued.partition);
    if (ofPartition === undefined) this.records.set(queued.partition, [queued]);
    else ofPartition.push(queued);
  }

  /** Adds records before the others of their partitions, in their order. */
  addFirst(older: readonly QueuedRecord[]): void {
    const partitions = new Set(older.map(({ partition }) => partition));
    const before = this.takeAll(({ partition }) => partitions.has(partition));
    for (const queued of [...older, ...before]) this.add(queued);
  }

  /** Removes and returns the records for which the test is true; those of one partition are in order. */
  takeAll(test: (queued: QueuedRecord) => boolean): QueuedRecord[] {
    const taken: QueuedRecord[] = [];
    for (const [partition, ofPartition] of [...this.records]) {
      const kept = ofPartition.filter((queued) => {
        if (!test(queued)) return true;
        taken.push(queued);
        return false;
      });
      if (kept.length === 0) this.records.delete(partition);
      else this.records.set(partition, kept);
    }
    return taken;
  }

  /** The one that has waited longest. */
  oldest(): QueuedRecord | undefined {
    let oldest: QueuedRecord | undefined;
    for (const [first] of this.records.values()) {
      if (first !== undefined && (oldest === undefined || first.queuedAt < oldest.queuedAt)) oldest = first;
    }
    return oldest;
  }
}
