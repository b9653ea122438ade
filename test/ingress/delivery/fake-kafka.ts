import { NotAcknowledgedError } from '../../../infra/kafka/produce/event-producer-errors.js';
import type { DirectLine } from '../../../ingress/delivery/delivery-route.js';
import type { PendingRecord } from '../../../ingress/delivery/pending-record.js';
import type { IncomingRecord } from '../../../ingress/delivery/event-sink.js';

/**
 * Kafka as a lane and a drainer see it, played by the test: two lines of sends, each answered in order; a batch may arrive late, after
 * its records have been withdrawn, or never.
 */
export class FakeKafka implements DirectLine {
  /** What has arrived, in the order of the log. */
  readonly log: string[] = [];
  isWell = true;
  private direct: PendingRecord[] = [];
  private draining: {
    readonly record: IncomingRecord;
    readonly done: () => void;
    readonly fail: (e: Error) => void;
  }[] = [];
  private late: PendingRecord[] = [];
  private isClosed = false;

  readonly trouble = (): string | undefined => (this.isWell ? undefined : 'away');

  readonly send = (pending: PendingRecord): void => void this.direct.push(pending);

  readonly withdraw = (): readonly PendingRecord[] => {
    const withdrawn = this.direct;
    this.direct = [];
    this.late.push(...withdrawn);
    return withdrawn;
  };

  readonly deliver = (record: IncomingRecord): Promise<void> =>
    new Promise((done, fail) => {
      if (this.isClosed) fail(new NotAcknowledgedError('closed'));
      else this.draining.push({ record, done, fail });
    });

  /** Records that came straight and wait. */
  get waiting(): number {
    return this.direct.length;
  }

  /** So many records that came straight arrive, and are acknowledged. */
  acknowledge(count: number): void {
    for (const pending of this.direct.splice(0, count)) {
      this.arrive(pending.record);
      pending.settle({ kind: 'stored', place: 'kafka' });
    }
  }

  /** So many records of the spool arrive; their acknowledgements may be lost, then they arrive again. */
  drain(count: number, isAcknowledged: boolean): void {
    const some = isAcknowledged ? this.draining.splice(0, count) : this.draining.slice(0, count);
    for (const { record, done } of some) {
      this.arrive(record);
      if (isAcknowledged) done();
    }
  }

  /** What was on its way when it was withdrawn arrives after all, in order, the first `count` of it. */
  arriveLate(count: number): void {
    for (const { record } of this.late.slice(0, count)) this.arrive(record);
    this.late = [];
  }

  /** The process that spoke to it is gone. */
  forget(): void {
    this.isClosed = true;
    this.direct = [];
    this.draining = [];
  }

  private arrive({ key, body }: IncomingRecord): void {
    this.log.push(`${key ?? ''}:${body.toString()}`);
  }
}
