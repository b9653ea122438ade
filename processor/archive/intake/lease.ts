import type { Lease } from '../recording/lease.js';
import { OffsetTracker } from './offset-tracker.js';

/** The lease of one partition, with the progress made under it. */
export class PartitionLease implements Lease {
  readonly offsets = new OffsetTracker();
  private revoked = false;
  private backlogEnd: number | undefined;

  get isRevoked(): boolean {
    return this.revoked;
  }

  revoke(): void {
    this.revoked = true;
  }

  /** Notes where the log ended when a batch was fetched. Only the first call counts. */
  noteEnd(highWatermark: number): void {
    this.backlogEnd ??= highWatermark;
  }

  isBacklog(offset: number): boolean {
    return this.backlogEnd === undefined || offset < this.backlogEnd;
  }

  settle(offset: number): void {
    this.offsets.settle(offset);
  }
}

/** The partitions that are assigned to this process. */
export class Leases {
  private readonly byPartition = new Map<number, PartitionLease>();
  private readonly committed = new Map<PartitionLease, number>();

  /** Applies a new assignment. Partitions that stay assigned keep their lease. */
  assign(partitions: readonly number[]): void {
    for (const [partition, lease] of this.byPartition) {
      if (partitions.includes(partition)) continue;
      lease.revoke();
      this.byPartition.delete(partition);
      this.committed.delete(lease);
    }
    for (const partition of partitions) {
      if (!this.byPartition.has(partition)) this.byPartition.set(partition, new PartitionLease());
    }
  }

  get(partition: number): PartitionLease | undefined {
    return this.byPartition.get(partition);
  }

  get partitions(): readonly number[] {
    return [...this.byPartition.keys()];
  }

  /** Positions that have moved since the last {@link noteCommitted}: the next offset to read, by partition. */
  uncommitted(): ReadonlyMap<number, number> {
    const moved = new Map<number, number>();
    for (const [partition, lease] of this.byPartition) {
      const { position } = lease.offsets;
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
