import { setTimeout as delay } from 'node:timers/promises';
import { NotAcknowledgedError, RecordRefusedError } from './event-producer-errors.js';
import { withDefaults, type EventProducerOptions } from './event-producer-options.js';
import { RecordQueue, recordBytes, type QueuedRecord } from './record-queue.js';
import { refusesRecords, SingleFlightProducer, type OutgoingRecord } from './single-flight-producer.js';

export type { OutgoingRecord } from './single-flight-producer.js';

export type { EventProducerOptions } from './event-producer-options.js';

/** The back-off after a failure doubles from the first to the last of these, and starts anew at the next acknowledgement. */
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 2_000;

/**
 * Writes records to Kafka in batches, acknowledged by all in-sync replicas.
 *
 * Guarantees: a resolved `send` is in the log. Records are tried in the order of `send`, one batch at a time. A record may be in the log
 * more than once, and after a rejected `send` it may still appear: never an acknowledged one missing. It connects, and connects
 * again after a failure, for ever; batches that fail go out again on a new connection until their records' delivery timeout.
 */
export class EventProducer<R extends OutgoingRecord = OutgoingRecord> {
  private readonly queue: RecordQueue<R>;
  private readonly options: Required<EventProducerOptions>;
  private inFlight: readonly QueuedRecord<R>[] = [];
  /** A batch is under way whose records have been withdrawn. */
  private isAbandoned = false;
  private expiry: NodeJS.Timeout | undefined;
  private closed = false;
  private delivery: Promise<void> | undefined;
  private producer: SingleFlightProducer | undefined;
  private backoffMs = 0;
  /** Lowered while the broker refuses a batch, to find the record at fault. */
  private maxBatchRecords = Infinity;
  private lastAcknowledgement: number | undefined;

  constructor(options: EventProducerOptions) {
    this.options = withDefaults(options);
    this.queue = new RecordQueue(this.options.lingerMs, this.options.maxBatchBytes);
  }

  /** Begins to connect, and returns at once: records may be sent before there is a connection. */
  start(): void {
    this.delivery ??= this.deliver();
  }

  /**
   * Resolves when all in-sync replicas have the record.
   *
   * @throws NotAcknowledgedError when that was not so within the delivery timeout, or the producer is closed: keep the record elsewhere
   *   or send it again.
   * @throws RecordRefusedError when the broker refuses this record for ever: do not send it again.
   */
  send(record: R): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new NotAcknowledgedError(`producer ${this.options.name} is closed`));
        return;
      }
      this.queue.push({ record, bytes: recordBytes(record), queuedAt: performance.now(), resolve, reject });
      if (this.options.deliveryTimeoutMs === Infinity) return;
      this.expiry ??= setTimeout(() => this.expire(), this.options.deliveryTimeoutMs);
    });
  }

  /**
   * Takes back all records that are not acknowledged, in the order of `send`. They are not sent any more, but those under way may
   * still arrive; then their `send` resolves, else it never settles.
   */
  withdraw(): readonly R[] {
    const withdrawn = [...this.inFlight, ...this.queue.takeWhile(() => true)];
    this.isAbandoned ||= this.inFlight.length > 0;
    this.inFlight = [];
    clearTimeout(this.expiry);
    this.expiry = undefined;
    return withdrawn.map(({ record }) => record);
  }

  /**
   * Whether there is a connection that is free for new records, as far as its last use tells: an idle producer does not notice an
   * outage.
   */
  get isConnected(): boolean {
    return this.producer !== undefined && !this.isAbandoned;
  }

  /** `performance.now()` at the last acknowledgement; `undefined` if there was none since the last failure. */
  get acknowledgedAt(): number | undefined {
    return this.lastAcknowledgement;
  }

  /** Records that wait or are under way. */
  get pending(): number {
    return this.queue.length + this.inFlight.length;
  }

  /** Takes no more records, sends what is queued without lingering, and disconnects once every `send` has settled. */
  async close(): Promise<void> {
    this.closed = true;
    this.queue.close();
    // With nothing to send, an attempt to connect that is under way ends by itself.
    if (this.pending > 0 || this.producer !== undefined) await this.delivery;
    clearTimeout(this.expiry);
  }

  private async deliver(): Promise<void> {
    const { kafka, logger, name, connectTimeoutMs } = this.options;
    while (!this.closed || this.pending > 0) {
      try {
        const producer = await SingleFlightProducer.open(kafka, connectTimeoutMs);
        logger.info({ producer: name }, 'connected to Kafka');
        this.producer = producer;
        await this.sendBatches(producer);
        await producer.close();
      } catch (err) {
        this.lastAcknowledgement = undefined;
        this.producer = undefined;
        this.backoffMs = Math.min(LAST_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.backoffMs * 2));
        logger.warn({ producer: name, err, backoffMs: this.backoffMs }, 'Kafka did not acknowledge, connecting again');
        await delay(this.backoffMs * (0.5 + Math.random() / 2));
      }
    }
    this.producer = undefined;
  }

  /**
   * Returns when closed and all is sent.
   * @throws Error of the first failed batch; its records have been queued again or rejected. The producer is of no more use.
   */
  private async sendBatches(producer: SingleFlightProducer): Promise<void> {
    while (await this.queue.ripe()) {
      const batch = this.queue.takeBatch(this.maxBatchRecords);
      if (batch.length === 0) continue;
      this.inFlight = batch;
      try {
        await producer.send(
          batch.map(({ record }) => record),
          this.options.requestTimeoutMs,
        );
      } catch (error) {
        const isWithdrawn = this.inFlight !== batch;
        this.endBatch();
        this.producer = undefined;
        if (!isWithdrawn) this.afterFailure(batch, error);
        throw error;
      }
      this.endBatch();
      this.backoffMs = 0;
      this.maxBatchRecords = Infinity;
      this.lastAcknowledgement = performance.now();
      for (const { resolve } of batch) resolve();
    }
  }

  private endBatch(): void {
    this.inFlight = [];
    this.isAbandoned = false;
  }

  private afterFailure(batch: readonly QueuedRecord<R>[], cause: unknown): void {
    if (refusesRecords(cause)) {
      if (batch.length === 1) {
        batch[0]?.reject(new RecordRefusedError('Kafka refuses the record', { cause }));
        return;
      }
      this.maxBatchRecords = Math.ceil(batch.length / 2);
    }
    this.queue.putBack(batch);
    this.options.onTrouble('a batch failed');
    this.rejectExpired();
  }

  private expire(): void {
    // The timer is that of a record which may have settled since.
    const oldest = this.inFlight[0] ?? this.queue.first();
    if (oldest !== undefined && this.isExpired(oldest)) {
      this.options.onTrouble(`not acknowledged within ${this.options.deliveryTimeoutMs} ms`);
      this.rejectExpired();
    }
    const next = this.inFlight.find((queued) => !this.isExpired(queued)) ?? this.queue.first();
    this.expiry =
      next &&
      setTimeout(() => this.expire(), Math.max(1, next.queuedAt + this.options.deliveryTimeoutMs - performance.now()));
  }

  /** Records in flight are rejected too, though they may still arrive. What has settled already takes no notice. */
  private rejectExpired(): void {
    const expired = [
      ...this.inFlight.filter((queued) => this.isExpired(queued)),
      ...this.queue.takeWhile((queued) => this.isExpired(queued)),
    ];
    for (const { reject } of expired)
      reject(new NotAcknowledgedError(`not acknowledged within ${this.options.deliveryTimeoutMs} ms`));
  }

  private isExpired({ queuedAt }: QueuedRecord<R>): boolean {
    return performance.now() - queuedAt >= this.options.deliveryTimeoutMs;
  }
}
