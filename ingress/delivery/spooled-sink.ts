import { systemClock, type Clock } from '../../infra/async/clock.js';
import type { CompressionType } from '../../infra/kafka/compression/codec.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { TopicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';
import { retryDisk } from '../spool/disk-retry.js';
import { WorkerSpool, type WorkerSpoolOptions } from '../spool/worker-spool.js';
import type { EventSink } from './event-sink.js';
import { openWhenPossible } from './open-when-possible.js';
import type { SpoolObserver, SpoolState } from './spool-observer.js';
import { TopicDelivery } from './topic-delivery.js';

export type SpooledSinkOptions = {
  readonly topics: Pick<TopicNames, 'events' | 'deadLetter'>;
  readonly compression: CompressionType;
  readonly lingerMs: number;
  /** Records that Kafka has not acknowledged after this go to the spool. */
  readonly ackTimeoutMs: number;
  readonly spool: WorkerSpoolOptions;
};

export type SpooledSinkDeps = {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly observer: SpoolObserver;
  readonly clock?: Clock;
};

const PROBE = { intervalMs: 1_000, timeoutMs: 2_000 };

/** Time after the start in which only a healthy Kafka makes the sink ready: the spool is for outages, not for starts. */
const WARM_UP_MS = 5_000;

/**
 * Kafka first, the spool second: a record is stored once all in-sync replicas have it, or once it is fsynced on this machine, to be
 * sent on in order. `DeliveryRoute` chooses between the two and keeps each session's order.
 * Events and dead letters are delivered independently, so that trouble with one topic does not hold up the other.
 */
export class SpooledSink implements EventSink {
  private readonly probe: WriteProbe;
  private readonly events: TopicDelivery;
  private readonly deadLetters: TopicDelivery;
  private readonly stopping = new AbortController();
  private readonly clock: Clock;
  private readonly startedAt: number;
  private spool: WorkerSpool | undefined;
  private isScanned = false;
  private isConnected = false;
  private hasReachedKafka = false;

  constructor(
    private readonly options: SpooledSinkOptions,
    private readonly deps: SpooledSinkDeps,
  ) {
    const { topics, compression, lingerMs, ackTimeoutMs } = options;
    const { kafka, logger, observer, clock = systemClock } = deps;
    this.clock = clock;
    this.startedAt = clock.monotonic();
    this.probe = new WriteProbe(kafka, [topics.events, topics.deadLetter], { ...PROBE, clock });
    const stopped = this.stopping.signal;
    const open = produceSessions(kafka, { compression });
    const shared = { open, probe: this.probe, observer, logger, clock, stopped };
    const limits = { lingerMs, ackTimeoutMs };
    this.deadLetters = new TopicDelivery({ name: 'dead-letter', topic: topics.deadLetter, ...limits }, shared);
    this.events = new TopicDelivery(
      { name: 'events', topic: topics.events, ...limits },
      { ...shared, deadLetters: this.deadLetters },
    );
  }

  /**
   * Claims the spool's folder and finds the records in it. If the disk is full, continues without a spool and retries.
   * @throws NewerSpoolError, SpoolUnusableError: an operator must act; print the message and exit.
   */
  async openSpool(): Promise<void> {
    const { spool } = this.options;
    await openWhenPossible({
      root: spool.root,
      open: () => WorkerSpool.open(spool),
      onOpen: (opened) => {
        this.spool = opened;
        this.events.route.open(opened.events);
        this.deadLetters.route.open(opened.deadLetters);
        void this.scan(opened);
      },
      logger: this.deps.logger,
      clock: this.clock,
      stopped: this.stopping.signal,
    });
  }

  /** Connects to Kafka. Call it once topics and subjects exist; `schemaId` is the id of the events' schema. */
  connect(schemaId: number): void {
    this.events.line.start(wireHeader(schemaId));
    this.deadLetters.line.start(Buffer.alloc(0));
    this.probe.start();
    this.isConnected = true;
    this.drainIfReady();
  }

  readonly accept = (record: IncomingRecord, settle: (outcome: StoreOutcome) => void): void =>
    (record.stream === 'events' ? this.events : this.deadLetters).route.accept(record, settle);

  readonly readinessFault = (): string | undefined => {
    const trouble = this.events.line.trouble() ?? this.deadLetters.line.trouble();
    this.hasReachedKafka ||= trouble === undefined;
    const isWritable = this.spool?.events.isWritable === true && this.spool.deadLetters.isWritable;
    const isDirect = trouble === undefined && this.events.route.isDirect && this.deadLetters.route.isDirect;
    if (isDirect || (isWritable && this.isWarm())) return undefined;
    return `${trouble ?? 'the spool is not drained yet'}${isWritable ? '' : '; the spool cannot accept records'}`;
  };

  readonly pending = (): number => this.events.pending + this.deadLetters.pending;

  readonly spoolState = (): SpoolState => {
    const spools = this.spool === undefined ? [] : [this.spool.events, this.spool.deadLetters];
    const oldest = spools.flatMap(({ oldestAt }) => oldestAt ?? []);
    return {
      bytes: spools.reduce((sum, { bytes }) => sum + bytes, 0),
      records: spools.reduce((sum, { records }) => sum + (records ?? 0), 0),
      oldestSeconds: oldest.length === 0 ? 0 : Math.max(0, this.clock.now() - Math.min(...oldest)) / 1_000,
    };
  };

  /** Moves records that wait for Kafka to the spool, because the program must stop soon. */
  spoolPending(): void {
    for (const { route } of [this.events, this.deadLetters]) route.takeOver('the program stops');
  }

  /** Call it when every record has settled. The spool's records stay for the next start. */
  readonly close = async (): Promise<void> => {
    this.stopping.abort();
    this.probe.stop();
    await Promise.all([this.events.close(), this.deadLetters.close()]);
    await this.spool?.close();
  };

  private isWarm(): boolean {
    return this.hasReachedKafka || this.clock.monotonic() - this.startedAt >= WARM_UP_MS;
  }

  private async scan(spool: WorkerSpool): Promise<void> {
    const { logger, observer } = this.deps;
    const damages = await retryDisk(() => spool.scan(), {
      clock: this.clock,
      stopped: this.stopping.signal,
      onFailure: (err, retryMs) => logger.error({ err, dir: spool.dir, retryMs }, 'could not scan the spool, retrying'),
    });
    if (damages === undefined) return;
    for (let damage = 0; damage < damages; damage += 1) observer.spoolFailed('damaged');
    this.isScanned = true;
    this.drainIfReady();
  }

  private drainIfReady(): void {
    if (!this.isConnected || !this.isScanned || this.spool === undefined) return;
    this.events.drain(this.spool.events);
    this.deadLetters.drain(this.spool.deadLetters);
  }
}
