import type { Clock } from '../../infra/async/clock.js';
import { withTimeout } from '../../infra/async/timeout.js';
import { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import type { DeliveryError } from '../../infra/kafka/produce/queued-record.js';
import type { OpenProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord } from '../record.js';
import type { DirectLine } from './delivery-route.js';
import { DrainingRecord } from './draining-record.js';
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
  readonly probe: Pick<WriteProbe, 'isWritable' | 'unavailable'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when a send has failed or is overdue, before it is repeated. `partitions`: those in trouble; undefined: all. */
  readonly onTrouble: (reason: string, partitions?: ReadonlySet<number>) => void;
  /** Called when records of the spool cannot be sent to partitions, while the others can. */
  readonly onDrainingTrouble: (reason: string, partitions: ReadonlySet<number>) => void;
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
  private readonly topic: string;

  constructor(
    { name, topic, lingerMs, ackTimeoutMs }: KafkaLineOptions,
    private readonly deps: KafkaLineDeps,
  ) {
    const { open, logger, clock, onTrouble, onDrainingTrouble } = deps;
    this.topic = topic;
    const requestTimeoutMs = Math.max(MIN_REQUEST_TIMEOUT_MS, ackTimeoutMs);
    const shared = { open, topic, logger, clock, requestTimeoutMs };
    this.direct = new EventProducer({ ...shared, name, lingerMs, deliveryTimeoutMs: ackTimeoutMs, onTrouble });
    this.draining = new EventProducer({
      ...shared,
      name: `${name} from the spool`,
      lingerMs: 0,
      deliveryTimeoutMs: Infinity,
      onTrouble: (reason, partitions) => partitions && onDrainingTrouble(reason, partitions),
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
    if (isFresh || this.deps.probe.isWritable(this.topic)) return undefined;
    return 'Kafka does not respond, or has too few in-sync replicas';
  };

  /** Whether no partition is in trouble. */
  get isWhole(): boolean {
    return this.direct.isWhole && this.deps.probe.unavailable(this.topic).size === 0;
  }

  /** Why Kafka is not expected to acknowledge records of a partition soon; `undefined` if it is. */
  troubleOf(partition: number): string | undefined {
    return this.direct.troubleOf(partition) ?? this.deps.probe.unavailable(this.topic).get(partition);
  }

  /** Number of partitions of the topic; undefined until the first connection. */
  get partitions(): number | undefined {
    return this.direct.partitions ?? this.draining.partitions;
  }

  readonly send = (pending: PendingRecord): void => {
    pending.prefix = this.prefix;
    this.direct.enqueue(pending);
  };

  readonly withdraw = (partitions?: ReadonlySet<number>): readonly PendingRecord[] =>
    this.direct.withdraw(partitions).filter((record) => record instanceof PendingRecord);

  /** Sends a record of the spool until Kafka acknowledges it. @throws RecordRefusedError when Kafka rejects it permanently. */
  readonly deliver = (record: IncomingRecord): Promise<void> => {
    this.draining.start();
    return new Promise((resolve, reject) => {
      const done = (error: DeliveryError): void => (error === undefined ? resolve() : reject(error));
      this.draining.enqueue(new DrainingRecord(record, this.prefix, done));
    });
  };

  /** Stops sending the spool's records for a partition and returns them, in order: store them elsewhere, then call their `done`. */
  withdrawDraining(partition: number): readonly DrainingRecord[] {
    return this.draining.withdraw(new Set([partition])).filter((record) => record instanceof DrainingRecord);
  }

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
