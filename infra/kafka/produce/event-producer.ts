import { setTimeout as delay } from 'node:timers/promises';
import { NotAcknowledgedError, RecordRefusedError } from './event-producer-errors.js';
import { withDefaults, type EventProducerOptions } from './event-producer-options.js';
import { InFlight, type FlyingBatch } from './in-flight.js';
import type { ProduceSession } from './produce-session.js';
import { refusesRecords } from '../protocol/protocol-error.js';
import type { BatchRecord } from '../protocol/records/record-batch.js';
import { PromisedRecord, type QueuedRecord } from './queued-record.js';
import { RecordQueue } from './record-queue.js';

export type { EventProducerOptions } from './event-producer-options.js';

/** The back-off after a failure doubles from the first to the last of these, and starts anew at the next acknowledgement. */
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 2_000;

/**
 * Writes records to a topic in batches, acknowledged by all in-sync replicas.
 *
 * Guarantees: a record that settles without an error is in the log. Of two records with one key, the later is never there without the
 * earlier. A record may be in the log more than once, and one that settled with an error may still appear: never an acknowledged one
 * missing. It connects, and connects again after a failure, for ever; what was not acknowledged goes out again, in its order, through a
 * new {@link ProduceSession} until its delivery timeout.
 */
export class EventProducer {
  private readonly queue: RecordQueue;
  private readonly options: Required<EventProducerOptions>;
  private readonly inFlight = new InFlight();
  private expiry: NodeJS.Timeout | undefined;
  private closed = false;
  private delivery: Promise<void> | undefined;
  private session: ProduceSession | undefined;
  private onSessionOver: (error?: Error) => void = () => undefined;
  private backoffMs = 0;
  /** Lowered while the broker refuses a batch, to find the record at fault. */
  private maxBatchRecords = Infinity;
  private lastAcknowledgement: number | undefined;

  constructor(options: EventProducerOptions) {
    this.options = withDefaults(options);
    this.queue = new RecordQueue(this.options, () => this.sendRipe());
  }

  /** Begins to connect, and returns at once: records may be sent before there is a connection. */
  start(): void {
    this.delivery ??= this.deliver();
  }

  /**
   * Queues a record, and settles it once: without an error when all in-sync replicas have the record; with
   * - NotAcknowledgedError when that was not so within the delivery timeout, or the producer is closed: keep the record elsewhere or send
   *   it again;
   * - RecordRefusedError when the broker refuses this record for ever: do not send it again.
   */
  enqueue(record: QueuedRecord): void {
    if (this.closed) {
      record.settle(new NotAcknowledgedError(`producer ${this.options.name} is closed`));
      return;
    }
    record.queuedAt = performance.now();
    this.queue.push(record);
    if (this.options.deliveryTimeoutMs !== Infinity) {
      this.expiry ??= setTimeout(() => this.expire(), this.options.deliveryTimeoutMs);
    }
    this.sendRipe();
  }

  /** As {@link enqueue}: resolves, or rejects with the error. */
  send(record: BatchRecord): Promise<void> {
    return new Promise((resolve, reject) => this.enqueue(new PromisedRecord(record, resolve, reject)));
  }

  /**
   * Takes back all records that are not acknowledged, in the order in which they came. They are not sent any more, but those under way may
   * still arrive, and are then settled; else they never settle.
   */
  withdraw(): readonly QueuedRecord[] {
    const withdrawn = [...this.inFlight.withdraw(), ...this.queue.takeWhile(() => true)];
    clearTimeout(this.expiry);
    this.expiry = undefined;
    return withdrawn;
  }

  /**
   * Whether there is a connection that is free for new records, as far as its last use tells: an idle producer does not notice an
   * outage.
   */
  get isConnected(): boolean {
    return this.session !== undefined && !this.inFlight.hasWithdrawn;
  }

  /** `performance.now()` at the last acknowledgement; `undefined` if there was none since the last failure. */
  get acknowledgedAt(): number | undefined {
    return this.lastAcknowledgement;
  }

  /** Records that wait or are under way. */
  get pending(): number {
    return this.queue.length + this.inFlight.length;
  }

  /** Takes no more records, sends what is queued without lingering, and disconnects once every record has settled. */
  async close(): Promise<void> {
    this.closed = true;
    this.queue.close();
    this.endWhenDone();
    // With nothing to send, an attempt to connect that is under way ends by itself.
    if (this.pending > 0 || this.session !== undefined) await this.delivery;
    clearTimeout(this.expiry);
  }

  private async deliver(): Promise<void> {
    const { open, topic, logger, name, connectTimeoutMs } = this.options;
    while (!this.closed || this.pending > 0) {
      let session: ProduceSession | undefined;
      try {
        session = await open(topic, connectTimeoutMs);
        logger.info({ producer: name }, 'connected to Kafka');
        await this.use(session);
      } catch (err) {
        this.lastAcknowledgement = undefined;
        this.backoffMs = Math.min(LAST_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.backoffMs * 2));
        logger.warn({ producer: name, err, backoffMs: this.backoffMs }, 'Kafka did not acknowledge, connecting again');
        await delay(this.backoffMs * (0.5 + Math.random() / 2));
      } finally {
        session?.close();
      }
    }
  }

  /** Resolves when closed and all is sent. @throws Error of the first failed batch. */
  private async use(session: ProduceSession): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.onSessionOver = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.session = session;
    this.sendRipe();
    this.endWhenDone();
    await over;
  }

  private endWhenDone(): void {
    if (!this.closed || this.pending > 0 || this.session === undefined) return;
    this.session = undefined;
    this.onSessionOver();
  }

  private sendRipe(): void {
    // While the record at fault is looked for, nothing may go wrong because of one before it.
    const maxInFlight = this.maxBatchRecords === Infinity ? this.options.maxInFlight : 1;
    while (this.session !== undefined && this.inFlight.size < maxInFlight && this.queue.isRipe) {
      this.sendBatch(this.session, this.queue.takeBatch(this.maxBatchRecords));
    }
  }

  private sendBatch(session: ProduceSession, records: readonly QueuedRecord[]): void {
    const batch = this.inFlight.add(records);
    session.send(records, this.options.requestTimeoutMs).then(
      () => this.acknowledged(session, batch),
      (error: unknown) => this.failed(session, batch, asError(error)),
    );
  }

  private acknowledged(session: ProduceSession, batch: FlyingBatch): void {
    // What a session that is over says now is true all the same.
    for (const queued of batch.records) queued.settle();
    if (this.session !== session) return;
    this.inFlight.land(batch);
    this.backoffMs = 0;
    this.maxBatchRecords = Infinity;
    this.lastAcknowledgement = performance.now();
    this.sendRipe();
    this.endWhenDone();
  }

  private failed(session: ProduceSession, batch: FlyingBatch, cause: Error): void {
    if (this.session !== session) return;
    this.session = undefined;
    const refused = this.settleRefused(batch, cause);
    const unsettled = this.inFlight.crash();
    this.queue.putBack(unsettled);
    if (!refused && unsettled.length > 0) {
      this.options.onTrouble('a batch failed');
      this.rejectExpired();
    }
    this.onSessionOver(cause);
  }

  /** Settles a record that the broker refuses when it stands alone, else sees to it that it soon will. */
  private settleRefused({ records, isWithdrawn }: FlyingBatch, cause: Error): boolean {
    if (isWithdrawn || !refusesRecords(cause)) return false;
    const [first] = records;
    if (records.length > 1 || first === undefined) {
      this.maxBatchRecords = Math.ceil(records.length / 2);
      return false;
    }
    first.settle(new RecordRefusedError('Kafka refuses the record', { cause }));
    return true;
  }

  private expire(): void {
    // The timer is that of a record which may have settled since.
    const oldest = this.oldest();
    if (oldest !== undefined && this.isExpired(oldest)) {
      this.options.onTrouble(`not acknowledged within ${this.options.deliveryTimeoutMs} ms`);
      this.rejectExpired();
    }
    const next = this.oldest();
    this.expiry =
      next &&
      setTimeout(() => this.expire(), Math.max(1, next.queuedAt + this.options.deliveryTimeoutMs - performance.now()));
  }

  /** Records in flight are rejected too, though they may still arrive. */
  private rejectExpired(): void {
    const expired = [
      ...[...this.inFlight.unsettled()].filter((queued) => this.isExpired(queued)),
      ...this.queue.takeWhile((queued) => this.isExpired(queued)),
    ];
    for (const queued of expired) {
      queued.settle(new NotAcknowledgedError(`not acknowledged within ${this.options.deliveryTimeoutMs} ms`));
    }
  }

  private oldest(): QueuedRecord | undefined {
    for (const queued of this.inFlight.unsettled()) return queued;
    return this.queue.first();
  }

  private isExpired({ queuedAt }: QueuedRecord): boolean {
    return performance.now() - queuedAt >= this.options.deliveryTimeoutMs;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
