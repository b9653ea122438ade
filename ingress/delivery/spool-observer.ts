import type { SpoolFailure } from '../spool/spool-failure.js';

/** Receives the spool's activity, for metrics. */
export type SpoolObserver = {
  /** One record is durable in the spool. */
  readonly spooled: () => void;
  /** Kafka has acknowledged this many records of the spool. */
  readonly drained: (records: number) => void;
  /**
   * A record could not be spooled (a {@link SpoolFailure}); `damaged`: a stretch of a segment is unreadable; `refused`: Kafka rejects
   * a record even as a dead letter.
   */
  readonly spoolFailed: (reason: SpoolFailure | 'damaged' | 'refused') => void;
};

/** The spool's present content. */
export type SpoolState = {
  /** Whether the next record is likely to be accepted. */
  readonly isAvailable: boolean;
  readonly bytes: number;
  /** While the program counts those of an earlier run: as many as it has counted. */
  readonly records: number;
  /** Age of the oldest record; 0 if there is none. */
  readonly oldestSeconds: number;
  /** Files that contain damage, or a record that Kafka rejects even as a dead letter. Nothing sends or deletes them. */
  readonly setAsideFiles: number;
};
