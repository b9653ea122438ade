import { AggregatorRegistry, type Registry } from 'prom-client';
import type { MetricsPage } from '../http/routes/status-routes.js';
import type { MetricsReport, SupervisorMessage, WorkerMessage } from './messages.js';

/**
 * A worker's line to its supervisor.
 *
 * The kernel gives a scrape to any worker; were it to tell its own numbers only, counters would seem to jump. So it tells those of all,
 * each series with its `worker`.
 */
export class WorkerChannel {
  private lastId = 0;
  private readonly scrapes = new Map<number, (reports: readonly MetricsReport[]) => void>();

  constructor(private readonly registry: Registry) {
    process.on('message', (message) => this.receive(message as SupervisorMessage));
    process.once('disconnect', () => {
      for (const resolve of this.scrapes.values()) resolve([]);
      // Without a supervisor nobody would ever stop this process.
      process.kill(process.pid, 'SIGTERM');
    });
  }

  readonly metricsPage = async (): Promise<MetricsPage> => {
    const id = ++this.lastId;
    const reports = await new Promise<readonly MetricsReport[]>((resolve) => {
      if (!process.connected) {
        resolve([]);
        return;
      }
      this.scrapes.set(id, resolve);
      this.send({ kind: 'scrape', id });
    });
    // Its types say one array of objects; it takes one such array of each process.
    const all = AggregatorRegistry.aggregate(reports as object[]);
    return { contentType: this.registry.contentType, text: await all.metrics() };
  };

  reportUnfit(error: unknown): void {
    this.send({ kind: 'unfit', message: error instanceof Error ? error.message : String(error) });
  }

  private receive(message: SupervisorMessage): void {
    switch (message.kind) {
      case 'report-please':
        void this.registry.getMetricsAsJSON().then((metrics) => this.send({ kind: 'report', id: message.id, metrics }));
        return;
      case 'scraped':
        this.scrapes.get(message.id)?.(message.reports);
        this.scrapes.delete(message.id);
    }
  }

  private send(message: WorkerMessage): void {
    // A supervisor that has just died is noticed by the disconnect.
    process.send?.(message, undefined, undefined, () => undefined);
  }
}
