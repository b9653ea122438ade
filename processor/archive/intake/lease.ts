import { OffsetTracker } from './offset-tracker.js';

/** Our hold on a partition, from one assignment to its end. */
export class Lease {
  readonly offsets = new OffsetTracker();
  private revoked = false;
  private backlogEnd: number | undefined;

  constructor(readonly partition: number) {}

  /** The partition has another owner: what has not begun is its work now. */
  get isRevoked(): boolean {
    return this.revoked;
  }

  revoke(): void {
    this.revoked = true;
  }

  /** Notes where the log ended when a batch was fetched; the first that is noted counts. */
  noteEnd(highWatermark: number): void {
    this.backlogEnd ??= highWatermark;
  }

  /** Whether a record may have been in the log before the partition was ours: then an earlier owner may have dealt with it. */
  isBacklog(offset: number): boolean {
    return this.backlogEnd === undefined || offset < this.backlogEnd;
  }
}

/** The partitions that are ours. */
export class Leases {
  private readonly byPartition = new Map<number, Lease>();
  private readonly committed = new Map<Lease, number>();

  /** Takes over a new assignment: what stays ours keeps its state. */
  assign(partitions: readonly number[]): void {
    for (const [partition, lease] of this.byPartition) {
      if (partitions.includes(partition)) continue;
      lease.revoke();
      this.byPartition.delete(partition);
      this.committed.delete(lease);
    }
    for (const partition of partitions) {
      if (!this.byPartition.has(partition)) this.byPartition.set(partition, new Lease(partition));
    }
  }

  get(partition: number): Lease | undefined {
    return this.byPartition.get(partition);
  }

  get partitions(): readonly number[] {
    return [...this.byPartition.keys()];
  }

  /** Positions that have moved since they were last {@link noteCommitted}: the next offset to read, by partition. */
  uncommitted(): ReadonlyMap<number, number> {
    const moved = new Map<number, number>();
    for (const [partition, lease] of this.byPartition) {
      const position = lease.offsets.position;
      if (position !== undefined && position !== this.committed.get(lease)) moved.set(partition, position);
    }
    return moved;
  }

  noteCommitted(positions: ReadonlyMap<number, number>): void {
    for (const [partition, position] of positions) {
      const lease = this.byPartition.get(partition);
      if (lease !== undefined) this.committed.set(lease, position);
    }
  }
}
