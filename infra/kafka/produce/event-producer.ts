import { Backoff } from '../../async/backoff.js';
import { sleep } from '../../async/clock.js';
import { NO_LEADER } from '../connection/leaderless-partitions.js';
import { partitionOfKey } from '../protocol/murmur2.js';
import { refusesRecords } from '../protocol/protocol-error.js';
import type { BatchRecord } from '../protocol/records/record-batch.js';
import { NotAcknowledgedError, RecordRefusedError } from './event-producer-errors.js';
import { withDefaults, type EventProducerOptions } from './event-producer-options.js';
import { Expiry } from './expiry.js';
import { InFlight, type BatchInFlight } from './in-flight.js';
import type { ProduceSession } from './produce-session.js';
import { PromisedRecord, type QueuedRecord } from './queued-record.js';
import { RecordQueue } from './record-queue.js';
import { SessionRecovery } from './session-recovery.js';
import { SetAside } from './set-aside.js';

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
 *
 * A partition or leader that fails holds up its own records only: they are set aside, and the session continues with the others until one
 * is found that can write to more partitions.
 */
export class EventProducer {
  private readonly queue: RecordQueue;
  private readonly options: Required<EventProducerOptions>;
  private readonly inFlight = new InFlight();
  /** Records of partitions that have failed, or whose leader has enough in flight. */
  private readonly aside = new SetAside();
  private readonly recovery: SessionRecovery;
  private readonly expiry: Expiry;
  private readonly backoff = new Backoff(BACKOFF);
  private closed = false;
  private delivery: Promise<void> | undefined;
  private session: ProduceSession | undefined;
  /** Replaces the session as soon as nothing is in flight. */
  private nextSession: ProduceSession | undefined;
  /** The leaders of the partitions that have not failed. */
  private leaders: readonly number[] = [];
  private partitionCount: number | undefined;
  /** The partitions whose failure is in the log, until they can be written to again. */
  private readonly reported = new Set<number>();
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
      () => this.noteOverdue(),
    );
    this.recovery = new SessionRecovery(
      this.options,
      (session) => this.session === session,
      (better) => {
        this.nextSession = better;
        this.sendDue();
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
   * Returns the unacknowledged records of the partitions, or all, and stops sending them. Those of one key are in the order of their arrival.
   * Those in flight may still arrive, and settle if they do; otherwise they never settle.
   */
  withdraw(partitions?: ReadonlySet<number>): readonly QueuedRecord[] {
    const isWithdrawn = (queued: QueuedRecord): boolean => partitions?.has(this.partitionOf(queued)) !== false;
    const inFlight = this.inFlight.take(partitions);
    const withdrawn = [...inFlight, ...this.aside.takeAll(isWithdrawn), ...this.queue.extract(isWithdrawn)];
    if (this.pending === 0) this.expiry.stop();
    return withdrawn;
  }

  /** Whether there is a connection that is free for new records, as of its last use: an idle producer does not notice an outage. */
  get isConnected(): boolean {
    if (this.session === undefined) return false;
    return !this.inFlight.hasRemoved || this.leaders.some((leader) => !this.inFlight.isClogged(leader));
  }

  /** Whether new records of every partition can be sent. */
  get isWhole(): boolean {
    return this.session !== undefined && this.session.failed.size === 0 && !this.inFlight.hasRemoved;
  }

  /** Number of partitions of the topic; undefined until the first connection. */
  get partitions(): number | undefined {
    return this.partitionCount;
  }

  /** Why new records of a partition cannot be sent at present, as of its last use; undefined if they can. */
  troubleOf(partition: number): string | undefined {
    const { session } = this;
    if (session === undefined) return 'not connected to Kafka';
    const failure = session.failed.get(partition);
    if (failure === undefined) {
      const leader = session.leaderOf(partition);
      return this.inFlight.isClogged(leader) ? `its leader, broker ${leader}, does not answer` : undefined;
    }
    if (failure.leader === NO_LEADER) return 'it has no leader';
    return `its leader, broker ${failure.leader}, has failed: ${failure.cause.message}`;
  }

  /** Monotonic time of the last acknowledgement; `undefined` if there was none since the last failure. */
  get acknowledgedAt(): number | undefined {
    return this.lastAcknowledgement;
  }

  /** Records that are queued or in flight. */
  get pending(): number {
    return this.queue.length + this.aside.length + this.inFlight.length;
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
      try {
        const session = await open(topic, connectTimeoutMs);
        logger.info({ producer: name, topic }, 'producer connected to Kafka');
        await this.use(session);
      } catch (err) {
        this.lastAcknowledgement = undefined;
        const retryInMs = Math.round(this.backoff.nextMs());
        const { pending } = this;
        logger.warn({ producer: name, topic, pending, err, retryInMs }, 'could not write to Kafka, reconnecting');
        await sleep(clock, retryInMs);
      }
    }
  }

  /** Resolves when the producer is closed and everything is sent. @throws Error of the last partition to fail. */
  private async use(session: ProduceSession): Promise<void> {
    const over = new Promise<void>((resolve, reject) => {
      this.onSessionOver = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.begin(session);
    this.sendDue();
    this.endWhenDone();
    await over;
  }

  private begin(session: ProduceSession): void {
    this.session = session;
    this.partitionCount = session.partitions;
    // The records may have other partitions and leaders now.
    this.queue.putBack(this.aside.takeAll(() => true));
    this.leaders = leadersOf(session);
    const { name: producer, topic, logger } = this.options;
    for (const partition of this.reported) {
      if (session.failed.has(partition)) continue;
      this.reported.delete(partition);
      const leader = session.leaderOf(partition);
      logger.info({ producer, topic, partition, leader }, 'the partition can be written to again');
    }
    if (session.failed.size > 0) this.isolate(session, new Set(session.failed.keys()));
  }

  private end(cause?: Error): void {
    this.session?.close();
    this.session = undefined;
    this.nextSession?.close();
    this.nextSession = undefined;
    this.onSessionOver(cause);
  }

  private endWhenDone(): void {
    if (this.closed && this.pending === 0 && this.session !== undefined) this.end();
  }

  private sendDue(): void {
    if (this.nextSession !== undefined && !this.switchSession()) return;
    if (!this.aside.isEmpty) this.takeUpAside();
    while (this.session !== undefined && this.queue.isDue && this.hasFreeLeader()) {
      this.sendBatch(this.session, this.queue.dequeueBatch(this.maxBatchRecords));
    }
  }

  /** @returns whether the session has been replaced. Of two sessions, the later must not overtake the earlier. */
  private switchSession(): boolean {
    const { session, nextSession } = this;
    for (const _waiting of this.inFlight.unsettled()) return false;
    if (session === undefined || nextSession === undefined) return false;
    this.inFlight.clear();
    this.nextSession = undefined;
    this.begin(nextSession);
    session.close();
    return true;
  }

  private hasFreeLeader(): boolean {
    return this.inFlight.size < this.maxInFlight || this.leaders.some((leader) => this.isFree(leader));
  }

  private isFree(leader: number): boolean {
    return this.inFlight.sizeOf(leader) < this.maxInFlight;
  }

  private get maxInFlight(): number {
    // While searching for a refused record, a batch must not fail because of an earlier one.
    return this.maxBatchRecords === Infinity ? this.options.maxInFlight : 1;
  }

  /** Returns records to the queue whose partition and leader can take them now. */
  private takeUpAside(): void {
    const { session } = this;
    if (session === undefined) return;
    this.queue.putBack(
      this.aside.takeAll(({ partition }) => !session.failed.has(partition) && this.isFree(session.leaderOf(partition))),
    );
  }

  /** Sends the records, each to the leader of its partition. */
  private sendBatch(session: ProduceSession, records: readonly QueuedRecord[]): void {
    const byLeader = new Map<number, QueuedRecord[]>();
    const { failed } = session;
    const isWhole = failed.size === 0 && this.aside.isEmpty;
    let current: number | undefined;
    let ofLeader: QueuedRecord[] | undefined;
    for (const queued of records) {
      const partition = session.partitionFor(queued);
      const leader = session.leaderOf(partition);
      queued.partition = partition;
      if (leader !== current) {
        current = leader;
        ofLeader = byLeader.get(leader);
        if (ofLeader === undefined && this.isFree(leader)) byLeader.set(leader, (ofLeader = []));
      }
      if (ofLeader === undefined || (!isWhole && (failed.has(partition) || this.aside.has(partition)))) {
        this.aside.add(queued);
      } else ofLeader.push(queued);
    }
    for (const [to, batched] of byLeader) {
      if (batched.length === 0) continue;
      const batch = this.inFlight.add(to, batched);
      session.sendTo(to, batched, this.options.requestTimeoutMs).then(
        (failed) => this.answered(session, batch, failed),
        (error: unknown) => this.answered(session, batch, failedAlike(batched, asError(error))),
      );
    }
  }

  private answered(session: ProduceSession, batch: BatchInFlight, failed: ReadonlyMap<number, Error>): void {
    // An acknowledgement is valid even after its session has ended.
    let acknowledged = 0;
    for (const queued of batch.records) {
      if (failed.size > 0 && failed.has(queued.partition)) continue;
      acknowledged += 1;
      queued.settle();
    }
    if (this.session !== session) return;
    if (acknowledged > 0) {
      this.backoff.reset();
      this.lastAcknowledgement = this.options.clock.monotonic();
      if (failed.size === 0) this.maxBatchRecords = Infinity;
    }
    if (failed.size > 0) this.noteFailures(session, batch, failed);
    this.inFlight.remove(batch);
    this.sendDue();
    this.endWhenDone();
  }

  private noteFailures(session: ProduceSession, batch: BatchInFlight, failed: ReadonlyMap<number, Error>): void {
    const refused = this.settleRefused(batch, failed);
    const [[, cause] = [0, new Error('no partition has failed')]] = failed;
    const partitions = new Set([...failed.keys(), ...session.failed.keys()]);
    const unsettled = this.inFlight.take(partitions);
    const isOver = session.failed.size === session.partitions;
    if (isOver) {
      const waiting = this.aside.takeAll(() => true);
      this.queue.putBack([...unsettled, ...this.inFlight.clear(), ...waiting]);
      this.session = undefined;
      session.close();
    } else {
      this.aside.addFirst(unsettled);
      this.leaders = leadersOf(session);
    }
    const isTrouble = [...failed.keys()].some((partition) => !refused.has(partition));
    if (isOver && isTrouble && unsettled.length > 0) this.options.onTrouble('a batch failed');
    if (!isOver) this.isolate(session, isTrouble ? partitions : new Set());
    if (isTrouble) this.rejectExpired();
    if (isOver) this.end(cause);
  }

  /** Reports partitions that the session cannot write to, and looks for a session that can. */
  private isolate(session: ProduceSession, partitions: ReadonlySet<number>): void {
    const { name: producer, topic, logger, onTrouble } = this.options;
    for (const [partition, { leader, cause: err }] of session.failed) {
      if (this.reported.has(partition)) continue;
      this.reported.add(partition);
      const what = leader === NO_LEADER ? 'a partition has no leader' : 'could not write to a partition';
      logger.warn({ producer, topic, partition, leader, err }, `${what}: its records wait, the others are sent`);
    }
    if (partitions.size > 0) onTrouble('the partition failed', partitions);
    this.recovery.replace(session);
  }

  /** Settles a refused record that was alone in its partition's batch. Otherwise halves the batches until it is. */
  private settleRefused({ records, removed }: BatchInFlight, failed: ReadonlyMap<number, Error>): ReadonlySet<number> {
    const settled = new Set<number>();
    for (const [partition, cause] of failed) {
      if (removed.has(partition) || !refusesRecords(cause)) continue;
      const suspects = records.filter((queued) => queued.partition === partition);
      const [first] = suspects;
      if (suspects.length > 1 || first === undefined) {
        this.maxBatchRecords = Math.ceil(suspects.length / 2);
        continue;
      }
      first.settle(new RecordRefusedError(`Kafka refuses a record for ${this.options.topic}`, { cause }));
      settled.add(partition);
    }
    return settled;
  }

  /** Reports the partitions of overdue records, and of their leaders: a leader that is slow for one is slow for all. */
  private noteOverdue(): void {
    const { session } = this;
    const reason = `not acknowledged within ${this.options.deliveryTimeoutMs} ms`;
    const partitions = new Set(this.overdue().map((queued) => this.partitionOf(queued)));
    if (session === undefined || partitions.has(-1)) this.options.onTrouble(reason);
    else {
      const slow = new Set([...partitions].map((partition) => session.leaderOf(partition)));
      for (let partition = 0; partition < session.partitions; partition += 1) {
        if (slow.has(session.leaderOf(partition))) partitions.add(partition);
      }
      this.options.onTrouble(reason, partitions.size === session.partitions ? undefined : partitions);
    }
    this.rejectExpired();
  }

  /** Rejects overdue records, also those in flight, which may still arrive. */
  private rejectExpired(): void {
    const { topic, deliveryTimeoutMs } = this.options;
    const expired = this.overdue();
    const isExpired = (queued: QueuedRecord): boolean => this.expiry.isExpired(queued);
    this.aside.takeAll(isExpired);
    this.queue.dequeueWhile(isExpired);
    for (const queued of expired) {
      queued.settle(new NotAcknowledgedError(`${topic}: not acknowledged within ${deliveryTimeoutMs} ms`));
    }
  }

  private overdue(): QueuedRecord[] {
    const isExpired = (queued: QueuedRecord): boolean => this.expiry.isExpired(queued);
    return [...this.inFlight.unsettled(), ...this.aside.all(), ...this.queue.firstWhile(isExpired)].filter(isExpired);
  }

  /** The partition that a record was sent to or would be sent to; -1 if that is open. */
  private partitionOf(queued: QueuedRecord): number {
    if (queued.partition >= 0) return queued.partition;
    if (queued.key === null || this.partitionCount === undefined) return -1;
    return this.session?.partitionFor(queued) ?? partitionOfKey(queued.key, this.partitionCount);
  }

  private oldest(): QueuedRecord | undefined {
    let oldest = this.aside.isEmpty ? undefined : this.aside.oldest();
    for (const queued of this.inFlight.unsettled()) {
      if (oldest === undefined || queued.queuedAt < oldest.queuedAt) oldest = queued;
      break;
    }
    const first = this.queue.first();
    return oldest === undefined || (first !== undefined && first.queuedAt < oldest.queuedAt) ? first : oldest;
  }
}

function leadersOf(session: ProduceSession): readonly number[] {
  const leaders = new Set<number>();
  for (let partition = 0; partition < session.partitions; partition += 1) {
    if (!session.failed.has(partition)) leaders.add(session.leaderOf(partition));
  }
  return [...leaders];
}

function failedAlike(records: readonly QueuedRecord[], cause: Error): ReadonlyMap<number, Error> {
  return new Map(records.map(({ partition }) => [partition, cause]));
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
