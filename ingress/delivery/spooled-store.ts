import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import { WriteProbe } from '../../infra/kafka/produce/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { TopicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { Drainer } from './drainer.js';
import { Lane } from './delivery-route.js';
import { WorkerSpool, type WorkerSpoolOptions } from '../spool/worker-spool.js';
import type { DurableStore, IncomingRecord, StoreOutcome } from './event-sink.js';
import { KafkaLine } from './kafka-line.js';
import { openWhenPossible } from './open-when-possible.js';
import { refusedByKafka } from './refused-by-kafka.js';
import type { SpoolObserver, SpoolState } from './spool-observer.js';

export type SpooledStoreOptions = {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly topics: Pick<TopicNames, 'events' | 'deadLetter'>;
  readonly lingerMs: number;
  /** Records that Kafka has not acknowledged after this go to the spool. */
  readonly ackTimeoutMs: number;
  readonly spool: WorkerSpoolOptions;
  readonly observer: SpoolObserver;
};

const PROBE = { intervalMs: 1_000, timeoutMs: 2_000 };
const RETRY_MS = 1_000;

/** For so long after its start the store says that it is not ready, unless Kafka is: a spool is for outages, not for starts. */
const WARM_UP_MS = 5_000;

/**
 * Kafka first, the spool second: a record is stored once all in-sync replicas have it, or once it is fsynced on this machine, to be
 * sent on in order. See {@link Lane} for which of the two, and why no newer record of a session overtakes an older one.
 * Events and dead letters have a lane each, so that trouble with one topic does not hold up the other.
 */
export class SpooledStore implements DurableStore {
  private readonly probe: WriteProbe;
  private readonly lines: { readonly events: KafkaLine; readonly deadLetters: KafkaLine };
  private readonly lanes: { readonly events: Lane; readonly deadLetters: Lane };
  private readonly drainers: Drainer[] = [];
  private readonly stopped = new AbortController();
  private readonly startedAt = performance.now();
  private spool: WorkerSpool | undefined;
  private isScanned = false;
  private isConnected = false;
  private hasBeenWell = false;

  constructor(private readonly options: SpooledStoreOptions) {
    const { kafka, topics } = options;
    this.probe = new WriteProbe(kafka, [topics.events, topics.deadLetter], PROBE);
    const [events, deadLetters] = [this.lane('events', topics.events), this.lane('dead-letter', topics.deadLetter)];
    this.lines = { events: events.line, deadLetters: deadLetters.line };
    this.lanes = { events: events.lane, deadLetters: deadLetters.lane };
  }

  /**
   * Takes the spool's folder and finds what is in it. On a full disk it goes on without, and tries again until it can.
   * @throws NewerSpoolError, SpoolUnusableError: an operator must act; print the message and exit.
   */
  async openSpool(): Promise<void> {
    const { spool, logger } = this.options;
    await openWhenPossible(
      () => WorkerSpool.open(spool),
      logger,
      this.stopped.signal,
      (opened) => {
        this.spool = opened;
        this.lanes.events.open(opened.events);
        this.lanes.deadLetters.open(opened.deadLetters);
        void this.scan(opened);
      },
    );
  }

  /** Topics and subjects are there. `schemaId` is that of the events' subject. */
  connect(schemaId: number): void {
    this.lines.events.start(wireHeader(schemaId));
    this.lines.deadLetters.start(Buffer.alloc(0));
    this.probe.start();
    this.isConnected = true;
    this.drainIfReady();
  }

  readonly store = (record: IncomingRecord, settle: (outcome: StoreOutcome) => void): void =>
    (record.stream === 'events' ? this.lanes.events : this.lanes.deadLetters).store(record, settle);

  readonly notReady = (): string | undefined => {
    const trouble = this.lines.events.trouble() ?? this.lines.deadLetters.trouble();
    this.hasBeenWell ||= trouble === undefined;
    const isWritable = this.spool?.events.isWritable === true && this.spool.deadLetters.isWritable;
    const isDirect = trouble === undefined && this.lanes.events.isDirect && this.lanes.deadLetters.isDirect;
    if (isDirect || (isWritable && this.isWarm())) return undefined;
    return `${trouble ?? 'the spool has not been drained yet'}${isWritable ? '' : '; the spool cannot take records'}`;
  };

  readonly pending = (): number => {
    const { events, deadLetters } = this.lanes;
    return this.lines.events.pending + this.lines.deadLetters.pending + events.heldRecords + deadLetters.heldRecords;
  };

  /** What the spool holds now. */
  readonly spoolState = (): SpoolState => {
    const spools = this.spool === undefined ? [] : [this.spool.events, this.spool.deadLetters];
    const oldest = spools.flatMap(({ oldestAt }) => oldestAt ?? []);
    return {
      bytes: spools.reduce((sum, { bytes }) => sum + bytes, 0),
      records: spools.reduce((sum, { records }) => sum + (records ?? 0), 0),
      oldestSeconds: oldest.length === 0 ? 0 : Math.max(0, Date.now() - Math.min(...oldest)) / 1_000,
    };
  };

  /** Time is up: what waits for Kafka goes to the spool at once. */
  spoolPending(): void {
    for (const lane of Object.values(this.lanes)) lane.takeOver('the program stops');
  }

  /** Call it when every record has settled. What is in the spool stays for the next start. */
  readonly close = async (): Promise<void> => {
    this.stopped.abort();
    this.probe.stop();
    for (const drainer of this.drainers) drainer.stop();
    await Promise.all(Object.values(this.lines).map((line) => line.close()));
    await this.spool?.close();
  };

  private isWarm(): boolean {
    return this.hasBeenWell || performance.now() - this.startedAt >= WARM_UP_MS;
  }

  private lane(name: 'events' | 'dead-letter', topic: string): { line: KafkaLine; lane: Lane } {
    const { kafka, logger, lingerMs, ackTimeoutMs, observer } = this.options;
    const line = new KafkaLine({
      ...{ open: produceSessions(kafka), logger, name, topic, lingerMs, ackTimeoutMs },
      probe: this.probe,
      onTrouble: (reason) => lane.takeOver(reason),
      onRefused: (pending, error) => {
        // Of a refused dead letter the spool keeps the segment, when it comes to be drained.
        if (name === 'dead-letter') void lane.toSpool(pending);
        else this.lanes.deadLetters.store(refusedByKafka(pending.record, error), (outcome) => pending.settle(outcome));
      },
      onReturned: (pending) => void lane.toSpool(pending),
    });
    const onSpooled = () => observer.spooled();
    const lane: Lane = new Lane({ name, line, logger, onSpooled, onFailure: (reason) => observer.spoolFailed(reason) });
    return { line, lane };
  }

  private async scan(spool: WorkerSpool): Promise<void> {
    const { logger, observer } = this.options;
    while (!this.stopped.signal.aborted) {
      try {
        const damages = await spool.scan();
        for (let damage = 0; damage < damages; damage += 1) observer.spoolFailed('damaged');
        this.isScanned = true;
        this.drainIfReady();
        return;
      } catch (err) {
        logger.error({ err }, 'the spool cannot be read, trying again');
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private drainIfReady(): void {
    if (!this.isConnected || !this.isScanned || this.spool === undefined) return;
    const { logger, observer } = this.options;
    const onDrained = (records: number) => observer.drained(records);
    const { events, deadLetters } = this.lines;
    const drain = (drainer: Drainer) => {
      this.drainers.push(drainer);
      void drainer.run();
    };
    const shared = { logger, onDrained };
    const toDeadLetters = async (record: IncomingRecord, error: Error): Promise<boolean> => {
      const refused = refusedByKafka(record, error);
      const stored = () =>
        new Promise<StoreOutcome>((resolve) => {
          this.lanes.deadLetters.store(refused, resolve);
        });
      while ((await stored()).kind === 'refused') await delay(RETRY_MS);
      return true;
    };
    const keep = ({ key }: IncomingRecord, err: Error): Promise<boolean> => {
      logger.error({ err, key }, 'Kafka refuses a dead letter: the segment of the spool that holds it is kept aside');
      observer.spoolFailed('refused');
      return Promise.resolve(false);
    };
    drain(new Drainer({ ...shared, spool: this.spool.events, send: events.deliver, onRefused: toDeadLetters }));
    drain(new Drainer({ ...shared, spool: this.spool.deadLetters, send: deadLetters.deliver, onRefused: keep }));
  }
}
