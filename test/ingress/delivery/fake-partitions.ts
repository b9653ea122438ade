import { NotAcknowledgedError } from '../../../infra/kafka/produce/event-producer-errors.js';
import { partitionOfKey } from '../../../infra/kafka/protocol/murmur2.js';
import { DrainingRecord } from '../../../ingress/delivery/draining-record.js';
import type { PendingRecord } from '../../../ingress/delivery/pending-record.js';
import type { IncomingRecord } from '../../../ingress/record.js';

export const PARTITIONS = 3;

type Partition = {
  isHealthy: boolean;
  direct: PendingRecord[];
  draining: DrainingRecord[];
  withdrawn: IncomingRecord[];
};

/**
 * A topic with several partitions as lanes, route and drainers see it, controlled by the test. In each partition there are two lines of
 * sends, each answered in order. Withdrawn records may arrive late, or never.
 */
export class FakePartitions {
  /** Arrived records, in the order of their partitions' logs. */
  readonly log: string[] = [];
  isReachable = true;
  private readonly all: readonly Partition[] = Array.from({ length: PARTITIONS }, () => {
    return { isHealthy: true, direct: [], draining: [], withdrawn: [] };
  });
  private isClosed = false;

  get partitions(): number {
    return PARTITIONS;
  }

  get isWhole(): boolean {
    return this.isReachable && this.all.every(({ isHealthy }) => isHealthy);
  }

  setHealthy(partition: number, isHealthy: boolean): void {
    this.at(partition).isHealthy = isHealthy;
  }

  readonly trouble = (): string | undefined => (this.isReachable ? undefined : 'unreachable');

  readonly troubleOf = (partition: number): string | undefined =>
    this.isReachable && this.at(partition).isHealthy ? undefined : 'no leader';

  readonly send = (pending: PendingRecord): void => void this.of(pending.record).direct.push(pending);

  readonly withdraw = (partitions?: ReadonlySet<number>): readonly PendingRecord[] =>
    this.all.flatMap((one, partition) => {
      if (partitions?.has(partition) === false) return [];
      one.withdrawn.push(...one.direct.map(({ record }) => record));
      return one.direct.splice(0);
    });

  readonly withdrawDraining = (partition: number): readonly DrainingRecord[] => {
    const one = this.at(partition);
    one.withdrawn.push(...one.draining.map(({ record }) => record));
    return one.draining.splice(0);
  };

  readonly deliver = (record: IncomingRecord): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = () => resolve();
      if (this.isClosed) reject(new NotAcknowledgedError('closed'));
      else this.of(record).draining.push(new DrainingRecord(record, undefined, done));
    });

  /** The first `count` direct records of a partition arrive and are acknowledged. */
  acknowledge(partition: number, count: number): void {
    if (this.troubleOf(partition) !== undefined) return;
    for (const pending of this.at(partition).direct.splice(0, count)) {
      this.arrive(pending.record);
      pending.settle();
    }
  }

  /** The first `count` records of spools for a partition arrive. If their acknowledgements are lost, they arrive again later. */
  drain(partition: number, count: number, isAcknowledged: boolean): void {
    if (this.troubleOf(partition) !== undefined) return;
    const { draining } = this.at(partition);
    for (const one of isAcknowledged ? draining.splice(0, count) : draining.slice(0, count)) {
      this.arrive(one.record);
      if (isAcknowledged) one.settle();
    }
  }

  /** The first `count` withdrawn records of a partition arrive after all, in order; the others never do. */
  arriveLate(partition: number, count: number): void {
    for (const record of this.at(partition).withdrawn.splice(0).slice(0, count)) this.arrive(record);
  }

  recover(): void {
    this.isReachable = true;
    for (const one of this.all) one.isHealthy = true;
  }

  /** The client process has died. */
  forget(): void {
    this.isClosed = true;
    for (const one of this.all) {
      one.direct = [];
      one.draining = [];
    }
  }

  private at(partition: number): Partition {
    return this.all[partition] as Partition;
  }

  private of({ key }: IncomingRecord): Partition {
    return this.at(partitionOfKey(key ?? '', PARTITIONS));
  }

  private arrive({ key, body }: IncomingRecord): void {
    this.log.push(`${key ?? ''}:${body.toString()}`);
  }
}
