/** One observation of a partition. */
export type LagObservation = {
  /** Monotonic time, ms. */
  readonly atMs: number;
  readonly position: number;
  readonly endOffset: number;
  /** Age of the last processed record by the broker's clock, ms; `undefined` before the first record. */
  readonly lastRecordAgeMs: number | undefined;
};

export type Lag = { readonly records: number; readonly seconds: number };

/**
 * How far a task is behind on its partition.
 *
 * In seconds this is the age of the last processed record, or the time since the task was last seen at the end, if that is less:
 * the records of a partition that was idle for an hour are not an hour late.
 */
export class PartitionLag {
  private firstSeenAtMs: number | undefined;
  private atEndAtMs: number | undefined;

  observe({ atMs, position, endOffset, lastRecordAgeMs }: LagObservation): Lag {
    this.firstSeenAtMs ??= atMs;
    const records = Math.max(0, endOffset - position);
    if (records === 0) {
      this.atEndAtMs = atMs;
      return { records, seconds: 0 };
    }
    const sinceEndMs = this.atEndAtMs === undefined ? Number.POSITIVE_INFINITY : atMs - this.atEndAtMs;
    const ms = Math.min(sinceEndMs, lastRecordAgeMs ?? Number.POSITIVE_INFINITY);
    // Before the first record neither is known. The lag is then at least the time since the first observation.
    return { records, seconds: (Number.isFinite(ms) ? Math.max(0, ms) : atMs - this.firstSeenAtMs) / 1_000 };
  }
}
