import type { Logger } from '../../observability/logger.js';
import type { OpenProduceSession } from './produce-session.js';

export type EventProducerOptions = {
  readonly open: OpenProduceSession;
  readonly topic: string;
  /** For log lines: what is written with it. */
  readonly name: string;
  readonly logger: Logger;
  /** How long the first record of a batch waits for others. Default 5. */
  readonly lingerMs?: number;
  /** A batch of this size does not wait. Default 64 KiB: it makes the cost of a request small beside that of its records. */
  readonly eagerBatchBytes?: number;
  /** A batch, which is one request to each leader, holds no more than this unless a single record does. Default 1 MiB. */
  readonly maxBatchBytes?: number;
  /** Batches that are under way at once. Default 3: one is on the broker's disk while one is on its way and one on its way back. */
  readonly maxInFlight?: number;
  /** A connection that takes longer is given up. Default 3,000. */
  readonly connectTimeoutMs?: number;
  /** An unanswered request is given up after this, and its connection replaced. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** A record that is not acknowledged this long after `send` is rejected, and not sent any more. `Infinity`: never. Default 30,000. */
  readonly deliveryTimeoutMs?: number;
  /**
   * Called when a batch has failed or a record is overdue, before anything is sent again or rejected for that: the time to
   * withdraw. Not called for a single record that Kafka refuses.
   */
  readonly onTrouble?: (reason: string) => void;
};

export function withDefaults(options: EventProducerOptions): Required<EventProducerOptions> {
  return {
    lingerMs: 5,
    eagerBatchBytes: 65_536,
    maxBatchBytes: 1_048_576,
    maxInFlight: 3,
    connectTimeoutMs: 3_000,
    requestTimeoutMs: 5_000,
    deliveryTimeoutMs: 30_000,
    onTrouble: () => undefined,
    ...options,
  };
}
