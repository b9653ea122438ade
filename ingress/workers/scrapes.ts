import { systemClock, type Cancel, type Clock } from '../../infra/async/clock.js';
import type { MetricsReport } from './messages.js';

/** Time that workers have to report. A scrape without one busy worker is better than none. */
const REPORT_TIMEOUT_MS = 1_000;

type Scrape = {
  readonly missing: Set<number>;
  readonly reports: MetricsReport[];
  readonly cancelTimeout: Cancel;
  readonly done: (reports: readonly MetricsReport[]) => void;
};

/** Collects the reports of all workers for each scrape, without those that do not respond in time. */
export class Scrapes {
  private lastId = 0;
  private readonly open = new Map<number, Scrape>();

  constructor(private readonly clock: Clock = systemClock) {}

  /** @param ask requests a report from a worker. */
  begin(workers: readonly number[], ask: (worker: number, id: number) => void, done: Scrape['done']): void {
    const id = ++this.lastId;
    const cancelTimeout = this.clock.after(REPORT_TIMEOUT_MS, () => this.finish(id));
    this.open.set(id, { missing: new Set(workers), reports: [], cancelTimeout, done });
    for (const worker of workers) ask(worker, id);
  }

  report(id: number, worker: number, metrics: MetricsReport): void {
    const scrape = this.open.get(id);
    if (scrape === undefined || !scrape.missing.delete(worker)) return;
    scrape.reports.push(metrics);
    if (scrape.missing.size === 0) this.finish(id);
  }

  private finish(id: number): void {
    const scrape = this.open.get(id);
    if (scrape === undefined) return;
    this.open.delete(id);
    scrape.cancelTimeout();
    scrape.done(scrape.reports);
  }
}
