import { systemClock, type Clock } from '../../infra/async/clock.js';
import { RecordRefusedError } from '../../infra/kafka/produce/event-producer-errors.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord } from '../record.js';
import { retryDisk } from '../spool/disk-retry.js';
import type { Slice } from '../spool/segments/segment-list.js';
import type { Spool } from '../spool/spool.js';

export type DrainerDeps = {
  readonly spool: Spool;
  readonly logger: Logger;
  readonly clock?: Clock;
  /**
   * Resolves once Kafka has the record. Retries without limit, in the order of the calls, so that no record arrives for the first
   * time behind one that was sent later. Rejects with RecordRefusedError when Kafka rejects the record permanently.
   */
  readonly send: (record: IncomingRecord) => Promise<void>;
  /** Puts a rejected record into another durable place; `false`: there is none, so its segment is kept. Never rejects. */
  readonly onRejected: (record: IncomingRecord, error: Error) => Promise<boolean>;
  readonly onDrained: (records: number) => void;
};

/** Sends the spool's records to Kafka, oldest first, with at most two slices in memory. */
export class Drainer {
  private readonly stopping = new AbortController();

  constructor(private readonly deps: DrainerDeps) {}

  /** Runs until {@link stop}; waits for Kafka and for the disk without limit. */
  async run(): Promise<void> {
    let last = Promise.resolve();
    while (!this.isStopped()) {
      const slice = await this.read();
      if (this.isStopped()) return;
      if (slice === undefined) {
        await Promise.all([this.deps.spool.whenReadable(), last]);
        continue;
      }
      const previous = last;
      last = Promise.all([previous, this.sendAll(slice)]).then(() => this.finish(slice));
      await previous;
    }
  }

  /** Sends nothing more. Unacknowledged records stay in the spool. */
  stop(): void {
    this.stopping.abort();
  }

  /** A method, as the compiler would assume that the property does not change during a wait. */
  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private read(): Promise<Slice | undefined> {
    const { spool, logger, clock = systemClock } = this.deps;
    return retryDisk(() => spool.read(), {
      clock,
      stopped: this.stopping.signal,
      onFailure: (err, retryMs) => logger.error({ err, dir: spool.dir, retryMs }, 'could not read the spool, retrying'),
    });
  }

  private async sendAll({ segment, records }: Slice): Promise<void> {
    const sends = records.map(async ({ record }) => {
      try {
        await this.deps.send(record);
      } catch (error) {
        if (!(error instanceof RecordRefusedError)) throw error;
        if (!(await this.deps.onRejected(record, error))) segment.keepAs = 'refused';
      }
    });
    await Promise.all(sends);
  }

  private finish(slice: Slice): void {
    if (this.isStopped()) return;
    this.deps.onDrained(slice.records.length);
    this.deps.spool.drained(slice);
  }
}
