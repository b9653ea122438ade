import { Backoff } from '../../infra/async/backoff.js';
import { sleep, type Clock } from '../../infra/async/clock.js';
import type { OpenProduceSession } from '../../infra/kafka/produce/produce-session.js';
import type { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';
import type { Spool } from '../spool/spool.js';
import { DeliveryRoute } from './delivery-route.js';
import { Drainer } from './drainer.js';
import { KafkaLine, type KafkaLineOptions } from './kafka-line.js';
import type { PendingRecord } from './pending-record.js';
import { rejectedRecord } from './rejected-record.js';
import type { SpoolObserver } from './spool-observer.js';

export type TopicDeliveryDeps = {
  readonly open: OpenProduceSession;
  readonly probe: Pick<WriteProbe, 'isHealthy'>;
  readonly observer: SpoolObserver;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
  /** Where records go that Kafka rejects permanently; none for dead letters themselves. */
  readonly deadLetters?: TopicDelivery;
};

/** Backoff of moving a rejected record of the spool to the dead letters. */
const DEAD_LETTER_RETRY = { initialMs: 250, maxMs: 2_000 };

/** Everything between the ingress and one topic: the line to Kafka, the route that chooses between it and the spool, and the drainer. */
export class TopicDelivery {
  readonly line: KafkaLine;
  readonly route: DeliveryRoute;
  private drainer: Drainer | undefined;

  constructor(
    private readonly options: KafkaLineOptions,
    private readonly deps: TopicDeliveryDeps,
  ) {
    const { open, probe, observer, logger, clock } = deps;
    this.line = new KafkaLine(options, {
      open,
      probe,
      logger,
      clock,
      onTrouble: (reason) => this.route.takeOver(reason),
    });
    this.route = new DeliveryRoute({
      topic: options.topic,
      line: this.line,
      logger,
      clock,
      onSpooled: () => observer.spooled(),
      onFailure: (failure) => observer.spoolFailed(failure),
      onRejected: (pending, error) => this.redirect(pending, error),
    });
  }

  /** Records that are not durable yet. */
  get pending(): number {
    return this.line.pending + this.route.heldRecords;
  }

  /** Begins to send the spool's records, once the line is started. Further calls do nothing. */
  drain(spool: Spool): void {
    if (!this.line.isStarted || this.drainer !== undefined) return;
    const { logger, clock, observer } = this.deps;
    this.drainer = new Drainer({
      spool,
      logger,
      clock,
      send: this.line.deliver,
      onRejected: (record, error) => this.redirectSpooled(record, error),
      onDrained: (records) => observer.drained(records),
    });
    void this.drainer.run();
  }

  /** Call it when every record has settled. Records of the spool stay there. */
  async close(): Promise<void> {
    this.drainer?.stop();
    await this.line.close();
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
