/** What a look at a partition showed. */
export type LagSight = {
  /** By a clock that never goes back, ms. */
  readonly atMs: number;
  readonly position: number;
  readonly endOffset: number;
  /** How old the last processed record is, by the broker's clock, ms; `undefined` before the first. */
  readonly lastRecordAgeMs: number | undefined;
};

export type Lag = { readonly records: number; readonly seconds: number };

/**
 * How far a task is behind on its partition.
 *
 * In time that is the age of the record that it is at; or, if that is less, the time since a look last found it at the end: the
 * records of a partition that was idle for an hour are not an hour late.
 */
export class PartitionLag {
  private firstSeenAtMs: number | undefined;
  private atEndAtMs: number | undefined;

  look({ atMs, position, endOffset, lastRecordAgeMs }: LagSight): Lag {
    this.firstSeenAtMs ??= atMs;
    const records = Math.max(0, endOffset - position);
    if (records === 0) {
      this.atEndAtMs = atMs;
      return { records, seconds: 0 };
    }
    const sinceEndMs = this.atEndAtMs === undefined ? Number.POSITIVE_INFINITY : atMs - this.atEndAtMs;
    const ms = Math.min(sinceEndMs, lastRecordAgeMs ?? Number.POSITIVE_INFINITY);
    // Neither is known before the first record: then it is as long as we have been looking, at least.
    return { records, seconds: (Number.isFinite(ms) ? Math.max(0, ms) : atMs - this.firstSeenAtMs) / 1_000 };
  }
}
