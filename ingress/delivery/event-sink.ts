import type { IncomingRecord, StoreOutcome } from '../record.js';

/** Makes records durable before their requests are answered. Only `stored` permits a 202, and a 400 or 422 for a dead letter. */
export type EventSink = {
  /**
   * Calls `settle` once, when the record is durable or cannot be made durable in time.
   * A callback, not a promise: several promises for each event would cost more than parsing its JSON.
   */
  readonly accept: (record: IncomingRecord, settle: (outcome: StoreOutcome) => void) => void;
  /** The largest body of an event that Kafka takes, in bytes; Infinity while it is unknown. Refuse larger ones with 413. */
  readonly maxBodyBytes: () => number;
  /** Why records cannot be stored; `undefined` while they can. */
  readonly readinessFault: () => string | undefined;
  /** Number of records that are not durable yet. */
  readonly pending: () => number;
  /** Makes pending records durable and accepts no more. */
  readonly close: () => Promise<void>;
};
