import { systemClock, type Clock } from '../../async/clock.js';
import type { Logger } from '../../observability/logger.js';
import type { OpenProduceSession } from './produce-session.js';

export type EventProducerOptions = {
  readonly open: OpenProduceSession;
  readonly topic: string;
  /** For log lines: what this producer writes. */
  readonly name: string;
  readonly logger: Logger;
  /** How long the first record of a batch waits for others. Default 5. */
  readonly lingerMs?: number;
  /** A batch of this size does not linger. Default 64 KiB: then a request costs little compared to its records. */
  readonly eagerBatchBytes?: number;
  /** Size limit of a batch with more than one record. A batch is one request to each leader. Default 1 MiB. */
  readonly maxBatchBytes?: number;
  /** Batches in flight to each leader. Default 3: one on its way, one on the broker's disk, one on its way back. */
  readonly maxInFlight?: number;
  /** A connection attempt that takes longer fails. Default 3,000. */
  readonly connectTimeoutMs?: number;
  /** An unanswered request fails after this time, and its connection is replaced. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** A record that is not acknowledged within this time is rejected and not sent again. `Infinity`: never. Default 30,000. */
  readonly deliveryTimeoutMs?: number;
  /**
   * Called when partitions have failed or a record is overdue, before anything is sent again or rejected: the time to withdraw. Not called
   * for a single record that Kafka refuses.
   *
   * @param partitions those in trouble; undefined: all.
   */
  readonly onTrouble?: (reason: string, partitions?: ReadonlySet<number>) => void;
  readonly clock?: Clock;
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
    clock: systemClock,
    ...options,
  };
}
