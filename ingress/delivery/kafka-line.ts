import type { Clock } from '../../infra/async/clock.js';
import { withTimeout } from '../../infra/async/timeout.js';
import { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import type { OpenProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord } from '../record.js';
import type { DirectLine } from './delivery-route.js';
import { PendingRecord } from './pending-record.js';

export type KafkaLineOptions = {
  /** Names the line in log lines. */
  readonly name: string;
  readonly topic: string;
  readonly lingerMs: number;
  readonly ackTimeoutMs: number;
};

export type KafkaLineDeps = {
  readonly open: OpenProduceSession;
  readonly probe: Pick<WriteProbe, 'isHealthy'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when a send has failed or is overdue, before it is repeated. */
  readonly onTrouble: (reason: string) => void;
};

/** An acknowledgement younger than this proves that Kafka is healthy, without a probe. */
const FRESH_MS = 1_000;

/** Minimum timeout of a request, which can be longer than that of its records: a timeout costs the connection. */
const MIN_REQUEST_TIMEOUT_MS = 1_000;

/** Time for closing the connections. All records are durable by then, so an unresponsive broker must not delay the exit. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Two producers for one topic: one for records straight from requests, one for records of the spool, which it repeats until Kafka
 * acknowledges them. Neither waits for the other.
 */
export class KafkaLine implements DirectLine {
  private readonly direct: EventProducer;
  private readonly draining: EventProducer;
  /** Bytes in front of every body; undefined until the schema id is known. */
  private prefix: Buffer | undefined;

  constructor(
    { name, topic, lingerMs, ackTimeoutMs }: KafkaLineOptions,
    private readonly deps: KafkaLineDeps,
  ) {
    const { open, logger, clock, onTrouble } = deps;
    const requestTimeoutMs = Math.max(MIN_REQUEST_TIMEOUT_MS, ackTimeoutMs);
    const shared = { open, topic, logger, clock, requestTimeoutMs };
    this.direct = new EventProducer({ ...shared, name, lingerMs, deliveryTimeoutMs: ackTimeoutMs, onTrouble });
    this.draining = new EventProducer({
      ...shared,
      name: `${name} from the spool`,
      lingerMs: 0,
      deliveryTimeoutMs: Infinity,
    });
  }

  /** Connects; a record's value is `prefix` and the body. Call it again to change the prefix of further records. */
  start(prefix: Buffer): void {
    const isStarted = this.isStarted;
    this.prefix = prefix;
    if (!isStarted) this.direct.start();
  }

  get isStarted(): boolean {
    return this.prefix !== undefined;
  }

  readonly trouble = (): string | undefined => {
    if (this.prefix === undefined) return 'schema id not known yet';
    if (!this.direct.isConnected) return 'not connected to Kafka';
    const { acknowledgedAt } = this.direct;
    const isFresh = acknowledgedAt !== undefined && this.deps.clock.monotonic() - acknowledgedAt < FRESH_MS;
    if (isFresh || this.deps.probe.isHealthy) return undefined;
    return 'Kafka does not respond, or has too few in-sync replicas';
  };

  readonly send = (pending: PendingRecord): void => {
    pending.prefix = this.prefix;
    this.direct.enqueue(pending);
  };

  readonly withdraw = (): readonly PendingRecord[] =>
    this.direct.withdraw().filter((record) => record instanceof PendingRecord);

  /** Sends a record of the spool until Kafka acknowledges it. @throws RecordRefusedError when Kafka rejects it permanently. */
  readonly deliver = (record: IncomingRecord): Promise<void> => {
    this.draining.start();
    const { key, body, headers } = record;
    return this.draining.send({ key, prefix: this.prefix, value: body, headers });
  };

  get pending(): number {
    return this.direct.pending;
  }

  /** Settles pending records. Records of the spool that are under way stay in the spool. */
  async close(): Promise<void> {
    this.draining.withdraw();
    const closing = Promise.all([this.direct.close(), this.draining.close()]);
    await withTimeout(closing, CLOSE_TIMEOUT_MS, 'closing the connections to Kafka', this.deps.clock).catch(
      () => undefined,
    );
  }
}
