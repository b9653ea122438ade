import { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import { RecordRefusedError } from '../../infra/kafka/produce/event-producer-errors.js';
import type { OpenProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { BatchRecord } from '../../infra/kafka/protocol/records/record-batch.js';
import { withTimeout } from '../../infra/async/timeout.js';
import type { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { DirectLine } from './delivery-route.js';
import type { PendingRecord } from './pending-record.js';
import type { IncomingRecord } from './event-sink.js';

export type KafkaLineOptions = {
  readonly open: OpenProduceSession;
  readonly logger: Logger;
  readonly name: string;
  readonly topic: string;
  readonly lingerMs: number;
  readonly ackTimeoutMs: number;
  readonly probe: Pick<WriteProbe, 'isHealthy'>;
  /** A send has failed or is overdue. */
  readonly onTrouble: (reason: string) => void;
  /** Kafka refuses the record for ever. */
  readonly onRefused: (pending: PendingRecord, error: Error) => void;
  /** The record came back without an answer, as the line is closed. */
  readonly onReturned: (pending: PendingRecord) => void;
};

/** While acknowledgements are as fresh as this, Kafka need not be asked how it is. */
const FRESH_MS = 1_000;

/** Records may be in more of a hurry than a request, which is not thrown away with its connection just for that. */
const MIN_REQUEST_TIMEOUT_MS = 1_000;

/** Everything is durable by then: a broker that does not answer must not hold up the end of the program. */
const CLOSE_WITHIN_MS = 1_000;

const STORED = { kind: 'stored', place: 'kafka' } as const;

/**
 * Two producers for one topic: one for records that come straight from requests, one for those of the spool, which are sent again until
 * Kafka has them. Neither ever waits for the other.
 */
export class KafkaLine implements DirectLine {
  private readonly direct: EventProducer<BatchRecord & { readonly pending: PendingRecord }>;
  private readonly draining: EventProducer;
  /** What stands before every body; undefined until topic and schema are there. */
  private prefix: Buffer | undefined;

  constructor(private readonly options: KafkaLineOptions) {
    const { open, logger, name, topic, lingerMs, ackTimeoutMs, onTrouble } = options;
    const requestTimeoutMs = Math.max(MIN_REQUEST_TIMEOUT_MS, ackTimeoutMs);
    const shared = { open, topic, logger, requestTimeoutMs };
    this.direct = new EventProducer({ ...shared, name, lingerMs, deliveryTimeoutMs: ackTimeoutMs, onTrouble });
    this.draining = new EventProducer({
      ...shared,
      name: `${name} from the spool`,
      lingerMs: 0,
      deliveryTimeoutMs: Infinity,
    });
  }

  /** Topic and schema are there. A value is the prefix and the body. */
  start(prefix: Buffer): void {
    this.prefix = prefix;
    this.direct.start();
  }

  readonly trouble = (): string | undefined => {
    if (this.prefix === undefined) return 'Kafka topics or schema registry not ready';
    if (!this.direct.isConnected) return 'not connected to Kafka';
    const { acknowledgedAt } = this.direct;
    const isFresh = acknowledgedAt !== undefined && performance.now() - acknowledgedAt < FRESH_MS;
    if (isFresh || this.options.probe.isHealthy) return undefined;
    return 'Kafka does not answer, or has too few in-sync replicas';
  };

  readonly send = (pending: PendingRecord): void => {
    const { key, body, headers } = pending.record;
    this.direct.enqueue({ key, prefix: this.prefix, value: body, headers, pending }, (error) => {
      if (error === undefined) pending.settle(STORED);
      else if (error instanceof RecordRefusedError) this.options.onRefused(pending, error);
      else this.options.onReturned(pending);
    });
  };

  readonly withdraw = (): readonly PendingRecord[] => this.direct.withdraw().map(({ pending }) => pending);

  /** Sends a record of the spool, again and again. @throws RecordRefusedError when Kafka refuses it for ever. */
  readonly deliver = (record: IncomingRecord): Promise<void> => {
    this.draining.start();
    const { key, body, headers } = record;
    return this.draining.send({ key, prefix: this.prefix, value: body, headers });
  };

  get pending(): number {
    return this.direct.pending;
  }

  /** Settles what is pending; what came from the spool is given up. */
  async close(): Promise<void> {
    this.draining.withdraw();
    const closing = Promise.all([this.direct.close(), this.draining.close()]);
    await withTimeout(closing, CLOSE_WITHIN_MS, 'closing the connections to Kafka').catch(() => undefined);
  }
}
