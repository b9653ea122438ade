import type { SpoolFailure } from '../spool/spool-failure.js';

/** Is told what the spool does, one call a record unless it says otherwise. */
export type SpoolObserver = {
  readonly spooled: () => void;
  /** So many records have been acknowledged by Kafka. */
  readonly drained: (records: number) => void;
  /** `damaged`: a stretch of a segment could not be read; `refused`: Kafka takes a record in no topic. */
  readonly spoolFailed: (reason: SpoolFailure | 'damaged' | 'refused') => void;
};

/** What the spool holds. */
export type SpoolState = {
  readonly bytes: number;
  readonly records: number;
  /** Age of the oldest record, 0 while there is none. */
  readonly oldestSeconds: number;
};
