import { Backoff } from '../../../infra/async/backoff.js';
import { sleep, type Clock } from '../../../infra/async/clock.js';
import type { IncomingRecord, StoreOutcome } from '../../record.js';
import { DISK_RETRY } from '../../spool/disk-retry.js';

type Parked = { readonly record: IncomingRecord; readonly done: () => void };

export type ParkingDeps = {
  /** Makes a record durable, after all earlier ones. */
  readonly store: (record: IncomingRecord, settle: (outcome: StoreOutcome) => void) => void;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
};

/**
 * Moves records out of the spool of all partitions, so that a partition in trouble does not hold up those behind them. A group at a time: no
 * record is moved while an older one may still have to be moved again.
 */
export class Parking {
  private waiting: Parked[] = [];
  private isRunning = false;

  constructor(private readonly deps: ParkingDeps) {}

  /** Calls `done` once the record is durable elsewhere. */
  park(record: IncomingRecord, done: () => void): void {
    this.waiting.push({ record, done });
    if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    const { clock, stopped } = this.deps;
    this.isRunning = true;
    // Everything of this turn is one group.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      const backoff = new Backoff(DISK_RETRY);
      while (!(await this.storeAll(group))) {
        await sleep(clock, backoff.nextMs(), stopped);
        if (stopped.aborted) return;
      }
      for (const { done } of group) done();
    }
    this.isRunning = false;
  }

  private async storeAll(group: readonly Parked[]): Promise<boolean> {
    const { store } = this.deps;
    const storing = group.map(({ record }) => new Promise<StoreOutcome>((resolve) => store(record, resolve)));
    return (await Promise.all(storing)).every(({ kind }) => kind === 'stored');
  }
}
