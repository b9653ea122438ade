/** What one process of the ingress counted, as prom-client puts it into JSON. */
export type MetricsReport = readonly object[];

/** From a worker to its supervisor. */
export type WorkerMessage =
  /** Give me the metrics of all workers. */
  | { readonly kind: 'scrape'; readonly id: number }
  /** My own, as asked for. */
  | { readonly kind: 'report'; readonly id: number; readonly metrics: MetricsReport }
  /** This worker cannot run, nor could another in its place: stop all. */
  | { readonly kind: 'unfit'; readonly message: string };

/** From the supervisor to a worker. */
export type SupervisorMessage =
  | { readonly kind: 'report-please'; readonly id: number }
  | { readonly kind: 'scraped'; readonly id: number; readonly reports: readonly MetricsReport[] };
