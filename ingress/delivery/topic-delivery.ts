import { Backoff } from '../../infra/async/backoff.js';
import { sleep, type Clock } from '../../infra/async/clock.js';
import type { OpenProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';
import type { SpoolFailure } from '../spool/spool-failure.js';
import type { PartitionId } from '../spool/partition-folders.js';
import type { Spool } from '../spool/spool.js';
import { DeliveryRoute } from './delivery-route.js';
import { Drainer } from './drainer.js';
import { KafkaLine, type KafkaLineOptions } from './kafka-line.js';
import { PartitionLane } from './lanes/partition-lane.js';
import { PartitionLanes } from './lanes/partition-lanes.js';
import type { PendingRecord } from './pending-record.js';
import { rejectedRecord } from './rejected-record.js';
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

/** Backoff of moving a rejected record of the spool to the dead letters. */
const DEAD_LETTER_RETRY = { initialMs: 250, maxMs: 2_000 };

/**
 * Everything between the ingress and one topic: the line to Kafka, the route that chooses between it and the spool, the lanes of partitions
 * that are in trouble, and the drainer.
 */
export class TopicDelivery {
  readonly line: KafkaLine;
  readonly route: DeliveryRoute;
  readonly lanes: PartitionLanes;
  private drainer: Drainer | undefined;

  constructor(
    private readonly options: KafkaLineOptions,
    private readonly deps: TopicDeliveryDeps,
  ) {
    const { open, probe, observer, logger, clock, stopped } = deps;
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

  /** Begins to send the spools' records. */
  drain(spool: Spool): void {
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

  private createDrainer(spool: Spool, send: (record: IncomingRecord) => Promise<void>): Drainer {
    const { logger, clock, observer } = this.deps;
    return new Drainer({
      spool,
      logger,
      clock,
      send,
      onRejected: (record, error) => this.redirectSpooled(record, error),
      onDrained: (records) => observer.drained(records),
    });
  }

  private redirect(pending: PendingRecord, error: Error): void {
    const { deadLetters } = this.deps;
    // The spool keeps the segment of a rejected dead letter when it is drained.
    if (deadLetters === undefined) void this.route.toSpool(pending);
    else deadLetters.route.accept(rejectedRecord(pending.record, error), (outcome) => pending.answer(outcome));
  }

  private async redirectSpooled(record: IncomingRecord, err: Error): Promise<boolean> {
    const { deadLetters, logger, observer, clock, stopped } = this.deps;
    if (deadLetters === undefined) {
      const { topic } = this.options;
      logger.error({ err, topic, key: record.key }, 'Kafka rejects a dead letter, its spool file will be kept aside');
      observer.spoolFailed('refused');
      return false;
    }
    const deadLetter = rejectedRecord(record, err);
    const attempt = () => new Promise<StoreOutcome>((resolve) => deadLetters.route.accept(deadLetter, resolve));
    const backoff = new Backoff(DEAD_LETTER_RETRY);
    while ((await attempt()).kind === 'refused' && !stopped.aborted) await sleep(clock, backoff.nextMs(), stopped);
    return true;
  }
}
