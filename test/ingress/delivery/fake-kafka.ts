import { NotAcknowledgedError } from '../../../infra/kafka/produce/event-producer-errors.js';
import type { DirectLine } from '../../../ingress/delivery/delivery-route.js';
import type { PendingRecord } from '../../../ingress/delivery/pending-record.js';
import type { IncomingRecord } from '../../../ingress/record.js';

/**
 * Kafka as a route and a drainer see it, controlled by the test: two lines of sends, each answered in order. A batch may arrive late,
 * after its records have been withdrawn, or never.
 */
export class FakeKafka implements DirectLine {
  /** Arrived records, in the order of the log. */
  readonly log: string[] = [];
  isHealthy = true;
  private direct: PendingRecord[] = [];
  private draining: {
    readonly record: IncomingRecord;
    readonly resolve: () => void;
  }[] = [];
  private withdrawn: PendingRecord[] = [];
  private isClosed = false;

  readonly trouble = (): string | undefined => (this.isHealthy ? undefined : 'unavailable');

  readonly send = (pending: PendingRecord): void => void this.direct.push(pending);

  readonly withdraw = (): readonly PendingRecord[] => {
    const withdrawn = this.direct;
    this.direct = [];
    this.withdrawn.push(...withdrawn);
    return withdrawn;
  };

  readonly deliver = (record: IncomingRecord): Promise<void> =>
    new Promise((resolve, reject) => {
      if (this.isClosed) reject(new NotAcknowledgedError('closed'));
      else this.draining.push({ record, resolve });
    });

  /** Number of direct records that are not acknowledged. */
  get waiting(): number {
    return this.direct.length;
  }

  /** The first `count` direct records arrive and are acknowledged. */
  acknowledge(count: number): void {
    for (const pending of this.direct.splice(0, count)) {
      this.arrive(pending.record);
      pending.settle();
    }
  }

  /** The first `count` records of the spool arrive. If their acknowledgements are lost, they arrive again later. */
  drain(count: number, isAcknowledged: boolean): void {
    const some = isAcknowledged ? this.draining.splice(0, count) : this.draining.slice(0, count);
    for (const { record, resolve } of some) {
      this.arrive(record);
      if (isAcknowledged) resolve();
    }
  }

  /** The first `count` withdrawn records arrive after all, in order; the others never do. */
  arriveLate(count: number): void {
    for (const { record } of this.withdrawn.slice(0, count)) this.arrive(record);
    this.withdrawn = [];
  }

  /** The client process has died. */
  forget(): void {
    this.isClosed = true;
    this.direct = [];
    this.draining = [];
  }

  private arrive({ key, body }: IncomingRecord): void {
    this.log.push(`${key ?? ''}:${body.toString()}`);
  }
}
