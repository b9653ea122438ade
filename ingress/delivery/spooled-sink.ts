import { systemClock, type Clock } from '../../infra/async/clock.js';
import type { CompressionType } from '../../infra/kafka/compression/codec.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { isMisconfiguration } from '../../infra/kafka/connection/misconfiguration.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { TopicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';
import { retryDisk } from '../spool/disk-retry.js';
import type { PartitionSpool } from '../spool/partition-spools.js';
import { WorkerSpool, type WorkerSpoolOptions } from '../spool/worker-spool.js';
import type { EventSink } from './event-sink.js';
import { openWhenPossible } from './open-when-possible.js';
import { isReady } from '../readiness/readiness.js';
import type { SpoolObserver, SpoolState } from './spool-observer.js';
import { logRemains, spoolStateOf } from './spool-state.js';
import { TopicDelivery } from './topic-delivery.js';
import type { VerifiedSettings } from '../readiness/verified-settings.js';

export type SpooledSinkOptions = {
  readonly topics: Pick<TopicNames, 'events' | 'deadLetter'>;
  readonly compression: CompressionType;
  readonly lingerMs: number;
  /** Records that Kafka has not acknowledged after this go to the spool. */
  readonly ackTimeoutMs: number;
  readonly spool: WorkerSpoolOptions;
  /** How long a process that never reached Kafka stays unready during an outage. */
  readonly readyTimeoutMs: number;
};

export type SpooledSinkDeps = {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly observer: SpoolObserver;
  readonly verified: Pick<VerifiedSettings, 'areVerified' | 'mark'>;
  readonly clock?: Clock;
};

const PROBE = { intervalMs: 1_000, timeoutMs: 2_000 };

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
  private openFault = 'it is not open yet';
  private isScanned = false;
  private isVerified = false;

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
   * Claims the spool's folder and finds the records in it. Resolves after the first attempt; while the folder cannot be used, Kafka is
   * the only place.
   */
  async openSpool(): Promise<void> {
    const { spool } = this.options;
    await openWhenPossible({
      root: spool.root,
      open: () => WorkerSpool.open(spool),
      onOpen: (opened) => {
        this.spool = opened;
        opened.onDamage = (stretches) => this.countDamages(stretches);
        opened.onAdopted = (adopted) => this.resume(adopted);
        this.events.open(opened.events, (id) => opened.ofPartition('events', id));
        this.deadLetters.open(opened.deadLetters, (id) => opened.ofPartition('dead-letter', id));
        for (const found of opened.partitions) this.resume(found);
        void this.scan(opened);
      },
      onFault: (fault) => (this.openFault = fault),
      logger: this.deps.logger,
      clock: this.clock,
      stopped: this.stopping.signal,
    });
  }

  /** Connects to Kafka. Events go to the spool until their schema id is known. */
  async start(): Promise<void> {
    this.isVerified = await this.deps.verified.areVerified();
    this.deadLetters.line.start(Buffer.alloc(0));
    this.probe.start();
    this.drainIfReady();
  }

  /** The id of the events' schema, for records from now on. */
  useSchema(schemaId: number): void {
    this.events.line.start(wireHeader(schemaId));
    this.drainIfReady();
  }

  /**
   * Tells how large a record the topics take, in bytes. Until then, and where their configuration cannot be read, the sink learns it
   * from what Kafka refuses.
   */
  limitRecords(maxRecordBytes: number): void {
    this.events.limit.configuredBytes = maxRecordBytes;
    this.deadLetters.limit.configuredBytes = maxRecordBytes;
  }

  readonly maxBodyBytes = (): number => this.events.limit.maxBodyBytes;

  readonly accept = (record: IncomingRecord, settle: (outcome: StoreOutcome) => void): void =>
    (record.stream === 'events' ? this.events : this.deadLetters).route.accept(record, settle);

  readonly readinessFault = (): string | undefined => {
    const trouble = this.kafkaFault();
    if (trouble === undefined && !this.isVerified) this.markVerified();
    const facts = {
      isDirect: trouble === undefined && this.events.route.isDirect && this.deadLetters.route.isDirect,
      canSpool: this.spoolFault() === undefined,
      isVerified: this.isVerified,
      isMisconfigured: isMisconfiguration(this.probe.error),
      uptimeMs: this.clock.monotonic() - this.startedAt,
      readyTimeoutMs: this.options.readyTimeoutMs,
    };
    if (isReady(facts)) return undefined;
    const spoolFault = this.spoolFault();
    return `${trouble ?? 'the spool is not drained yet'}${spoolFault === undefined ? '' : `; ${spoolFault}`}`;
  };

  /** Why records do not go straight to Kafka; `undefined` while they do. */
  readonly kafkaFault = (): string | undefined => {
    const trouble = this.events.line.trouble() ?? this.deadLetters.line.trouble();
    const { error } = this.probe;
    return trouble !== undefined && error instanceof Error ? `${trouble}: ${error.message}` : trouble;
  };

  /** Why the spool does not accept records; `undefined` while it does. */
  readonly spoolFault = (): string | undefined => {
    if (this.spool === undefined) return `spool ${this.options.spool.root} is unavailable: ${this.openFault}`;
    const isWritable = this.spool.events.isWritable && this.spool.deadLetters.isWritable;
    return isWritable ? undefined : `spool ${this.spool.dir} is full, or its disk fails`;
  };

  readonly pending = (): number => this.events.pending + this.deadLetters.pending;

  readonly spoolState = (): SpoolState => spoolStateOf(this.spool, this.clock.now());

  /** Number of partitions whose records do not go straight to Kafka while those of others do. */
  readonly partitionsUnavailable = (): number => this.events.lanes.unavailable + this.deadLetters.lanes.unavailable;

  /** Moves records that wait for Kafka to the spool, because the program must stop soon. */
  spoolPending(): void {
    for (const delivery of [this.events, this.deadLetters]) delivery.takeOver('the program stops');
  }

  /** Call it when every record has settled. The spool's records stay for the next start, and the log says how many. */
  readonly close = async (): Promise<void> => {
    this.stopping.abort();
    this.probe.stop();
    await Promise.all([this.events.close(), this.deadLetters.close()]);
    await this.spool?.close();
    logRemains(this.deps.logger, this.options.spool.root, this.spool, this.clock.now());
  };

  private resume({ stream, id }: PartitionSpool): void {
    (stream === 'events' ? this.events : this.deadLetters).lanes.resume(id);
  }

  private markVerified(): void {
    this.isVerified = true;
    this.deps.verified.mark().catch((err: unknown) => {
      this.deps.logger.warn(
        { err },
        'could not note that Kafka was reached: a restart during an outage will wait longer',
      );
    });
  }

  private async scan(spool: WorkerSpool): Promise<void> {
    const { logger } = this.deps;
    const damages = await retryDisk(() => spool.scan(), {
      clock: this.clock,
      stopped: this.stopping.signal,
      onFailure: (err, retryMs) => logger.error({ err, dir: spool.dir, retryMs }, 'could not scan the spool, retrying'),
    });
    if (damages === undefined) return;
    this.countDamages(damages);
    this.isScanned = true;
    this.drainIfReady();
  }

  private countDamages(stretches: number): void {
    for (let stretch = 0; stretch < stretches; stretch += 1) this.deps.observer.spoolFailed('damaged');
  }

  private drainIfReady(): void {
    if (!this.isScanned || this.spool === undefined) return;
    this.events.drain(this.spool.events);
    this.deadLetters.drain(this.spool.deadLetters);
  }
}
