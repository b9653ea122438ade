import type { OpenProduceSession } from '../../../../infra/kafka/produce/produce-session.js';
import type { BatchRecord } from '../../../../infra/kafka/protocol/records/record-batch.js';
import { withTimeout } from '../../../../infra/async/timeout.js';

/** One batch as the broker receives it. The test answers it. */
export type Produced = {
  /** Which session sent it, counted from 1. */
  readonly session: number;
  readonly values: readonly string[];
  readonly acknowledge: () => void;
  readonly fail: (error: Error) => void;
};

/** Sessions of an event producer with a broker that the test controls. */
export class ScriptedSessions {
  opened = 0;
  closed = 0;
  /** Errors of the next attempts to open a session, one each. */
  readonly openFailures: Error[] = [];
  private readonly produced: Produced[] = [];
  private readonly waiting: ((produced: Produced) => void)[] = [];

  readonly open: OpenProduceSession = () => {
    const failure = this.openFailures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const session = ++this.opened;
    return Promise.resolve({
      send: (records, timeoutMs) => withTimeout(this.receive(session, records), timeoutMs, 'waiting for the test'),
      close: () => {
        this.closed += 1;
      },
    });
  };

  /** The next batch, once it has arrived. */
  next(): Promise<Produced> {
    const produced = this.produced.shift();
    if (produced !== undefined) return Promise.resolve(produced);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Batches that have arrived and were not returned by {@link next} yet. */
  get unread(): number {
    return this.produced.length;
  }

  private receive(session: number, records: readonly BatchRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const values = records.map(({ value }) => String(value));
      const produced: Produced = { session, values, acknowledge: resolve, fail: reject };
      const waiter = this.waiting.shift();
      if (waiter === undefined) this.produced.push(produced);
      else waiter(produced);
    });
  }
}
