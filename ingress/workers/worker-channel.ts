import { AggregatorRegistry, type Registry } from 'prom-client';
import type { MetricsPage } from '../http/routes/status-routes.js';
import type { MetricsReport, SupervisorMessage, WorkerMessage } from './messages.js';

/**
 * A worker's connection to its supervisor.
 *
 * The kernel gives a scrape to any worker. A worker that reported only its own metrics would make counters appear to jump, so it
 * reports those of all workers, each series with a `worker` label.
 */
export class WorkerChannel {
  private lastId = 0;
  private readonly scrapes = new Map<number, (reports: readonly MetricsReport[]) => void>();

  constructor(private readonly registry: Registry) {
    process.on('message', (message) => this.receive(message as SupervisorMessage));
    process.once('disconnect', () => {
      for (const resolve of this.scrapes.values()) resolve([]);
      // Without a supervisor nothing else would stop this process.
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
    // The type says one array of objects, but the function accepts one array for each process.
    const all = AggregatorRegistry.aggregate(reports as object[]);
    return { contentType: this.registry.contentType, text: await all.metrics() };
  };

  private receive(message: SupervisorMessage): void {
    switch (message.kind) {
      case 'reload':
        process.kill(process.pid, 'SIGHUP');
        return;
      case 'report-please':
        void this.registry.getMetricsAsJSON().then((metrics) => this.send({ kind: 'report', id: message.id, metrics }));
        return;
      case 'scraped':
        this.scrapes.get(message.id)?.(message.reports);
        this.scrapes.delete(message.id);
    }
  }

  private send(message: WorkerMessage): void {
    // Errors are ignored: a supervisor that has just died causes `disconnect`.
    process.send?.(message, undefined, undefined, () => undefined);
  }
}
