import { setTimeout as delay } from 'node:timers/promises';
import { RecordRefusedError } from '../../infra/kafka/produce/event-producer-errors.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord } from './event-sink.js';
import type { Slice } from '../spool/segments/segment-list.js';
import type { Spool } from '../spool/spool.js';

export type DrainerOptions = {
  readonly spool: Spool;
  readonly logger: Logger;
  /**
   * Resolves once Kafka has the record. It tries for ever, in the order of the calls, so that no record arrives for the first time behind
   * one that was sent later. Rejects with RecordRefusedError when Kafka refuses the record for ever.
   */
  readonly send: (record: IncomingRecord) => Promise<void>;
  /** Puts a refused record into another durable place; `false`: there is none, so its segment is kept. Never rejects. */
  readonly onRefused: (record: IncomingRecord, error: Error) => Promise<boolean>;
  readonly onDrained: (records: number) => void;
};

const RETRY_MS = 1_000;

/** Sends what is in the spool on to Kafka, oldest first, with two slices in memory at most. */
export class Drainer {
  private stopped = false;

  constructor(private readonly options: DrainerOptions) {}

  /** Goes on until `stop`, waiting for Kafka and for the disk as long as it takes. */
  async run(): Promise<void> {
    let last = Promise.resolve();
    while (!this.isStopped()) {
      const slice = await this.read();
      if (this.isStopped()) return;
      if (slice === undefined) {
        await Promise.all([this.options.spool.whenReadable(), last]);
        continue;
      }
      const previous = last;
      last = Promise.all([previous, this.sendAll(slice)]).then(() => this.finish(slice));
      await previous;
    }
  }

  /** Sends nothing more. What is not acknowledged stays in the spool. */
  stop(): void {
    this.stopped = true;
  }

  /** Asked anew after each wait. */
  private isStopped(): boolean {
    return this.stopped;
  }

  private async read(): Promise<Slice | undefined> {
    for (;;) {
      try {
        return await this.options.spool.read();
      } catch (err) {
        this.options.logger.error({ err }, 'the spool cannot be read, trying again');
        await delay(RETRY_MS, undefined, { ref: false });
        if (this.isStopped()) return undefined;
      }
    }
  }

  private async sendAll({ segment, records }: Slice): Promise<void> {
    const sends = records.map(async ({ record }) => {
      try {
        await this.options.send(record);
      } catch (error) {
        if (!(error instanceof RecordRefusedError)) throw error;
        if (!(await this.options.onRefused(record, error))) segment.keepAs = 'refused';
      }
    });
    await Promise.all(sends);
  }

  private finish(slice: Slice): void {
    if (this.isStopped()) return;
    this.options.onDrained(slice.records.length);
    this.options.spool.drained(slice);
  }
}
