/** The metrics of one ingress process, in prom-client's JSON form. */
export type MetricsReport = readonly object[];

/** From a worker to its supervisor. */
export type WorkerMessage =
  /** Requests the metrics of all workers. */
  | { readonly kind: 'scrape'; readonly id: number }
  /** Answers `report-please` with the worker's own metrics. */
  | { readonly kind: 'report'; readonly id: number; readonly metrics: MetricsReport };

/** From the supervisor to a worker. */
export type SupervisorMessage =
  /** Read secrets and certificates from their files at once. */
  | { readonly kind: 'reload' }
  | { readonly kind: 'report-please'; readonly id: number }
  | { readonly kind: 'scraped'; readonly id: number; readonly reports: readonly MetricsReport[] };
