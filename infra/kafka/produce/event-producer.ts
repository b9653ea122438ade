import { Backoff } from '../../async/backoff.js';
import { sleep } from '../../async/clock.js';
import { refusesRecords } from '../protocol/protocol-error.js';
import type { BatchRecord } from '../protocol/records/record-batch.js';
import { NotAcknowledgedError, RecordRefusedError } from './event-producer-errors.js';
import { withDefaults, type EventProducerOptions } from './event-producer-options.js';
import { Expiry } from './expiry.js';
import { InFlight, type BatchInFlight } from './in-flight.js';
import type { ProduceSession } from './produce-session.js';
import { PromisedRecord, type QueuedRecord } from './queued-record.js';
import { RecordQueue } from './record-queue.js';

export type { EventProducerOptions } from './event-producer-options.js';

/** Delay before connecting again after a failure. Starts over at the next acknowledgement. */
const BACKOFF = { initialMs: 50, maxMs: 2_000 };

/**
 * Writes records to a topic in batches, acknowledged by all in-sync replicas.
 *
 * Guarantees: a record that settles without an error is in the log. Of two records with one key, the later is never in the log without the
 * earlier. A record may be in the log more than once, and a record that settled with an error may still appear, but an acknowledged one is
 * never missing.
 *
 * It connects, and reconnects after failures, without limit. Records that were not acknowledged are sent again in their order, through a new
 * {@link ProduceSession}, until their delivery timeout.
 */
export class EventProducer {
  private readonly queue: RecordQueue;
  private readonly options: Required<EventProducerOptions>;
  private readonly inFlight = new InFlight();
  private readonly expiry: Expiry;
  private readonly backoff = new Backoff(BACKOFF);
  private closed = false;
  private delivery: Promise<void> | undefined;
  private session: ProduceSession | undefined;
  private onSessionOver: (error?: Error) => void = () => undefined;
  /** Lowered while the broker refuses a batch, to find the record at fault. */
  private maxBatchRecords = Infinity;
  private lastAcknowledgement: number | undefined;

  constructor(options: EventProducerOptions) {
    this.options = withDefaults(options);
    this.queue = new RecordQueue(this.options, () => this.sendDue());
    this.expiry = new Expiry(
      this.options,
      () => this.oldest(),
      () => {
        this.options.onTrouble(`not acknowledged within ${this.options.deliveryTimeoutMs} ms`);
        this.rejectExpired();
      },
    );
  }

  /** Starts to connect and returns at once: records may be sent before there is a connection. */
  start(): void {
    this.delivery ??= this.deliver();
  }

  /**
   * Queues a record and settles it once: without an error when all in-sync replicas have the record; with
   * - NotAcknowledgedError when that did not happen within the delivery timeout, or the producer is closed: store the record elsewhere or
   *   send it again;
   * - RecordRefusedError when the broker always rejects this record: do not send it again.
   */
  enqueue(record: QueuedRecord): void {
    if (this.closed) {
      record.settle(new NotAcknowledgedError(`the producer of ${this.options.topic} is closed`));
      return;
    }
    record.queuedAt = this.options.clock.monotonic();
    this.queue.push(record);
    this.expiry.watch();
    this.sendDue();
  }

  /** As {@link enqueue}: resolves, or rejects with the error. */
  send(record: BatchRecord): Promise<void> {
    return new Promise((resolve, reject) => this.enqueue(new PromisedRecord(record, resolve, reject)));
  }

  /**
   * Returns all unacknowledged records, in the order of their arrival, and stops sending them. Those in flight may still arrive, and settle
   * if they do; otherwise they never settle.
   */
  withdraw(): readonly QueuedRecord[] {
    const withdrawn = [...this.inFlight.withdraw(), ...this.queue.dequeueWhile(() => true)];
    this.expiry.stop();
    return withdrawn;
  }

  /** Whether there is a connection that is free for new records, as of its last use: an idle producer does not notice an outage. */
  get isConnected(): boolean {
    return this.session !== undefined && !this.inFlight.hasWithdrawn;
  }

  /** Monotonic time of the last acknowledgement; `undefined` if there was none since the last failure. */
  get acknowledgedAt(): number | undefined {
    return this.lastAcknowledgement;
  }

  /** Records that are queued or in flight. */
  get pending(): number {
    return this.queue.length + this.inFlight.length;
  }

  /** Accepts no more records, sends the queued ones without lingering, and disconnects once every record has settled. */
  async close(): Promise<void> {
    this.closed = true;
    this.queue.close();
    this.endWhenDone();
    // With nothing to send, a connection attempt in progress ends by itself.
    if (this.pending > 0 || this.session !== undefined) await this.delivery;
    this.expiry.stop();
  }

  private async deliver(): Promise<void> {
    const { open, topic, logger, name, connectTimeoutMs, clock } = this.options;
    while (!this.closed || this.pending > 0) {
      let session: ProduceSession | undefined;
      try {
        session = await open(topic, connectTimeoutMs);
        logger.info({ producer: name, topic }, 'producer connected to Kafka');
        await this.use(session);
      } catch (err) {
        this.lastAcknowledgement = undefined;
        const retryInMs = Math.round(this.backoff.nextMs());
        const { pending } = this;
        logger.warn({ producer: name, topic, pending, err, retryInMs }, 'could not write to Kafka, reconnecting');
        await sleep(clock, retryInMs);
      } finally {
        session?.close();
      }
    }
  }

  /** Resolves when the producer is closed and everything is sent. @throws Error of the first failed batch. */
  private async use(session: ProduceSession): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.onSessionOver = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.session = session;
    this.sendDue();
    this.endWhenDone();
    await over;
  }

  private endWhenDone(): void {
    if (!this.closed || this.pending > 0 || this.session === undefined) return;
    this.session = undefined;
    this.onSessionOver();
  }

  private sendDue(): void {
    const { maxInFlight, requestTimeoutMs } = this.options;
    // While searching for a refused record, a batch must not fail because of an earlier one.
    const limit = this.maxBatchRecords === Infinity ? maxInFlight : 1;
    while (this.session !== undefined && this.inFlight.size < limit && this.queue.isDue) {
      const { session } = this;
      const batch = this.inFlight.add(this.queue.dequeueBatch(this.maxBatchRecords));
      session.send(batch.records, requestTimeoutMs).then(
        () => this.acknowledged(session, batch),
        (error: unknown) => this.failed(session, batch, asError(error)),
      );
    }
  }

  private acknowledged(session: ProduceSession, batch: BatchInFlight): void {
    // An acknowledgement is valid even after its session has ended.
    for (const queued of batch.records) queued.settle();
    if (this.session !== session) return;
    this.inFlight.remove(batch);
    this.backoff.reset();
    this.maxBatchRecords = Infinity;
    this.lastAcknowledgement = this.options.clock.monotonic();
    this.sendDue();
    this.endWhenDone();
  }

  private failed(session: ProduceSession, batch: BatchInFlight, cause: Error): void {
    if (this.session !== session) return;
    this.session = undefined;
    const refused = this.settleRefused(batch, cause);
    const unsettled = this.inFlight.clear();
    this.queue.putBack(unsettled);
    if (!refused && unsettled.length > 0) {
      this.options.onTrouble('a batch failed');
      this.rejectExpired();
    }
    this.onSessionOver(cause);
  }

  /** Settles a refused record that was alone in its batch. Otherwise halves the batches until it is. */
  private settleRefused({ records, isWithdrawn }: BatchInFlight, cause: Error): boolean {
    if (isWithdrawn || !refusesRecords(cause)) return false;
    const [first] = records;
    if (records.length > 1 || first === undefined) {
      this.maxBatchRecords = Math.ceil(records.length / 2);
      return false;
    }
    first.settle(new RecordRefusedError(`Kafka refuses a record for ${this.options.topic}`, { cause }));
    return true;
  }

  /** Rejects overdue records, also those in flight, which may still arrive. */
  private rejectExpired(): void {
    const { topic, deliveryTimeoutMs } = this.options;
    const isExpired = (queued: QueuedRecord): boolean => this.expiry.isExpired(queued);
    const expired = [...[...this.inFlight.unsettled()].filter(isExpired), ...this.queue.dequeueWhile(isExpired)];
    for (const queued of expired) {
      queued.settle(new NotAcknowledgedError(`${topic}: not acknowledged within ${deliveryTimeoutMs} ms`));
    }
  }

  private oldest(): QueuedRecord | undefined {
    for (const queued of this.inFlight.unsettled()) return queued;
    return this.queue.first();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
