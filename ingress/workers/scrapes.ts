import type { MetricsReport } from './messages.js';

/** A worker that busy would make every scrape fail; without it a scrape is still of use. */
const REPORT_TIMEOUT_MS = 1_000;

type Scrape = {
  readonly missing: Set<number>;
  readonly reports: MetricsReport[];
  readonly timer: NodeJS.Timeout;
  readonly done: (reports: readonly MetricsReport[]) => void;
};

/** Gathers the reports of all workers for a scrape; those that do not answer in time are left out. */
export class Scrapes {
  private lastId = 0;
  private readonly open = new Map<number, Scrape>();

  /** @param ask sends a request for a report to a worker. */
  begin(workers: readonly number[], ask: (worker: number, id: number) => void, done: Scrape['done']): void {
    const id = ++this.lastId;
    const timer = setTimeout(() => this.finish(id), REPORT_TIMEOUT_MS);
    this.open.set(id, { missing: new Set(workers), reports: [], timer, done });
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
    clearTimeout(scrape.timer);
    scrape.done(scrape.reports);
  }
}
