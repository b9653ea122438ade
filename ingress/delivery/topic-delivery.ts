import { Backoff } from '../../infra/async/backoff.js';
import { sleep, type Clock } from '../../infra/async/clock.js';
import { RecordRefusedError } from '../../infra/kafka/produce/event-producer-errors.js';
import type { OpenProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';
import type { SpoolFailure } from '../spool/spool-failure.js';
import type { PartitionId } from '../../infra/spool/partition-folders.js';
import type { Spool } from '../spool/spool.js';
import { DeliveryRoute } from './delivery-route.js';
import { Drainer } from './drainer.js';
import { KafkaLine, type KafkaLineOptions } from './kafka-line.js';
import { PartitionLane } from './lanes/partition-lane.js';
import { PartitionLanes } from './lanes/partition-lanes.js';
import type { PendingRecord } from './pending-record.js';
import { isTooLarge, RecordLimit, recordBytes } from './record-limit.js';
import { cutToFit, rejectedRecord } from './rejected-record.js';
import type { SpoolObserver } from './spool-observer.js';

export type TopicDeliveryDeps = {
  readonly open: OpenProduceSession;
  readonly probe: Pick<WriteProbe, 'isWritable' | 'unavailable'>;
  readonly observer: SpoolObserver;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  /** Where records go that Kafka rejects permanently; none for dead letters themselves. */
  readonly deadLetters?: TopicDelivery;
};

/** Makes a record of a spool durable in Kafka, or in the spool of its partition. */
type SendSpooled = (record: IncomingRecord) => Promise<void>;

/** Backoff of moving a rejected record to the dead letters. */
const REDIRECT_RETRY = { initialMs: 250, maxMs: 2_000, minMs: 50 };
/** Attempts while a sender waits for the answer: a few seconds. */
const REDIRECT_ATTEMPTS = 6;

/**
 * Everything between the ingress and one topic: the line to Kafka, the route that chooses between it and the spool, the lanes of partitions
 * that are in trouble, and the drainer.
 */
export class TopicDelivery {
  readonly line: KafkaLine;
  readonly route: DeliveryRoute;
  readonly lanes: PartitionLanes;
  readonly limit: RecordLimit;
  private drainer: Drainer | undefined;

  constructor(
    private readonly options: KafkaLineOptions,
    private readonly deps: TopicDeliveryDeps,
  ) {
    const { open, probe, observer, logger, clock, stopped } = deps;
    this.limit = new RecordLimit(clock);
    const line = (this.line = new KafkaLine(options, {
      open,
      probe,
      logger,
      clock,
      onTrouble: (reason, partitions) => this.avoid(reason, partitions),
      onDrainingTrouble: (reason, partitions) => this.lanes.isolate(partitions, reason),
    }));
    const shared = {
      topic: options.topic,
      logger,
      clock,
      onSpooled: () => observer.spooled(),
      onFailure: (failure: SpoolFailure) => observer.spoolFailed(failure),
      onRejected: (pending: PendingRecord, error: Error) => this.redirect(pending, error),
    };
    const createDrainer = (spool: Spool) => this.createDrainer(spool, line.deliver);
    this.lanes = new PartitionLanes({
      line,
      createLane: (id) => new PartitionLane(id, { ...shared, line, createDrainer, stopped }),
    });
    const { trouble, withdraw } = line;
    this.route = new DeliveryRoute({
      ...shared,
      line: { trouble, withdraw: () => withdraw(), send: (pending) => this.lanes.send(pending) },
    });
  }

  /** Records that are not durable yet. */
  get pending(): number {
    return this.line.pending + this.route.heldRecords + this.lanes.heldRecords;
  }

  /** Adds the spools: one for all partitions, and those of partitions in trouble. */
  open(spool: Spool, ofPartition: (id: PartitionId) => Spool): void {
    this.lanes.open(ofPartition);
    this.route.open(spool);
  }

  /** Begins to send the spools' records, once the line is started. Further calls do nothing. */
  drain(spool: Spool): void {
    if (!this.line.isStarted || this.drainer !== undefined) return;
    this.lanes.drain();
    this.drainer = this.createDrainer(spool, (record) => this.lanes.deliver(record));
    void this.drainer.run();
  }

  /** Moves all pending records to the spools. */
  takeOver(reason: string): void {
    this.lanes.takeOver(reason);
    this.route.takeOver(reason);
  }

  /** Call it when every record has settled. Records of the spools stay there. */
  async close(): Promise<void> {
    this.drainer?.stop();
    this.lanes.stop();
    await this.line.close();
  }

  private avoid(reason: string, partitions: ReadonlySet<number> | undefined): void {
    if (partitions === undefined) this.takeOver(reason);
    else this.lanes.isolate(partitions, reason);
  }

  private createDrainer(spool: Spool, send: SendSpooled): Drainer {
    const { logger, clock, observer } = this.deps;
    return new Drainer({
      spool,
      logger,
      clock,
      send,
      onRejected: (record, error) => this.redirectSpooled(record, error, send),
      onDrained: (records) => observer.drained(records),
    });
  }

  private redirect(pending: PendingRecord, error: Error): void {
    const { deadLetters } = this.deps;
    if (deadLetters === undefined) {
      const cut = this.cut(pending.record, error);
      // The spool sets the segment of a rejected dead letter aside when it is drained.
      if (cut === undefined) void this.route.toSpool(pending);
      else void this.store(cut, REDIRECT_ATTEMPTS).then((outcome) => pending.answer(outcome));
      return;
    }
    const deadLetter = this.deadLetterFor(pending.record, error, deadLetters);
    void deadLetters.store(deadLetter, REDIRECT_ATTEMPTS).then((outcome) => {
      pending.answer(outcome.kind === 'stored' ? { kind: 'rejected', isTooLarge: isTooLarge(error) } : outcome);
    });
  }

  private async redirectSpooled(record: IncomingRecord, error: Error, send: SendSpooled): Promise<boolean> {
    const { deadLetters } = this.deps;
    if (deadLetters === undefined) return this.deliverCut(record, error, send);
    await deadLetters.store(this.deadLetterFor(record, error, deadLetters), Infinity);
    return true;
  }

  /** Makes a record durable. After a rejection the line is connecting again, and without a spool it takes nothing meanwhile. */
  private async store(record: IncomingRecord, maxAttempts: number): Promise<StoreOutcome> {
    const { clock, stopped } = this.deps;
    const backoff = new Backoff(REDIRECT_RETRY);
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await new Promise<StoreOutcome>((resolve) => this.route.accept(record, resolve));
      if (outcome.kind !== 'refused' || attempt >= maxAttempts || stopped.aborted) return outcome;
      await sleep(clock, backoff.nextMs(), stopped);
    }
  }

  private deadLetterFor(record: IncomingRecord, error: Error, deadLetters: TopicDelivery): IncomingRecord {
    if (isTooLarge(error)) this.limit.learn(record);
    const { topic } = this.options;
    const bytes = record.body.length;
    this.deps.logger.error(
      { err: error, topic, key: record.key, bytes },
      'Kafka rejects an event, it goes to the dead letters; if it is too large, raise max.message.bytes of the topic',
    );
    const whole = rejectedRecord(record, error);
    const { configuredBytes } = deadLetters.limit;
    return recordBytes(whole) > configuredBytes ? (cutToFit(whole, configuredBytes) ?? whole) : whole;
  }

  /** Sends as much of a spooled dead letter as the topic takes. @returns false if it takes nothing of it. */
  private async deliverCut(record: IncomingRecord, error: Error, send: SendSpooled): Promise<boolean> {
    const cut = this.cut(record, error);
    if (cut === undefined) {
      const { observer, logger } = this.deps;
      logger.error(
        { err: error, topic: this.options.topic, key: record.key },
        'Kafka rejects a dead letter, its spool file will be set aside; raise max.message.bytes of the topic',
      );
      observer.spoolFailed('refused');
      return false;
    }
    try {
      await send(cut);
      return true;
    } catch (again) {
      if (!(again instanceof RecordRefusedError)) throw again;
      return this.deliverCut(cut, again, send);
    }
  }

  private cut(record: IncomingRecord, error: Error): IncomingRecord | undefined {
    if (!isTooLarge(error)) return undefined;
    this.limit.learn(record);
    return cutToFit(record, this.limit.configuredBytes);
  }
}
