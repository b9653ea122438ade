import type { Kafka } from '../../infra/kafka/client.js';
import { EventProducer } from '../../infra/kafka/event-producer.js';
import { within } from '../../infra/kafka/within.js';
import { WriteProbe } from '../../infra/kafka/write-probe.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { TopicNames } from '../../schemas/topics.js';
import { encodeWire, wireHeader } from '../../schemas/wire-format.js';
import type { DurableStore, IncomingRecord, StoreOutcome } from './durable-store.js';

export type KafkaStoreOptions = {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly topics: Pick<TopicNames, 'events' | 'deadLetter'>;
  readonly lingerMs: number;
  /** A record that Kafka has not acknowledged after this is refused. */
  readonly ackTimeoutMs: number;
};

/** While acknowledgements are as fresh as this, Kafka need not be asked how it is. */
const FRESH_MS = 1_000;
const PROBE_INTERVAL_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;

/** Records may be in more of a hurry than a request, which is not thrown away with its connection just for that. */
const MIN_REQUEST_TIMEOUT_MS = 1_000;

/**
 * Stores records in Kafka: durable means acknowledged by all in-sync replicas.
 * Dead letters have a producer of their own, so that trouble with their topic does not hold up events.
 */
export class KafkaStore implements DurableStore {
  private readonly events: EventProducer;
  private readonly deadLetters: EventProducer;
  private readonly probe: WriteProbe;
  private eventHeader: Buffer | undefined;
  private announceOpen: (eventHeader: Buffer) => void = () => undefined;
  private readonly opened = new Promise<Buffer>((resolve) => (this.announceOpen = resolve));

  constructor(private readonly options: KafkaStoreOptions) {
    const { kafka, logger, topics, lingerMs, ackTimeoutMs } = options;
    const producer = (name: string) =>
      new EventProducer({
        kafka,
        logger,
        name,
        lingerMs,
        requestTimeoutMs: Math.max(MIN_REQUEST_TIMEOUT_MS, ackTimeoutMs),
        deliveryTimeoutMs: ackTimeoutMs,
      });
    this.events = producer('events');
    this.deadLetters = producer('dead-letters');
    this.probe = new WriteProbe(kafka, [topics.events, topics.deadLetter], {
      intervalMs: PROBE_INTERVAL_MS,
      timeoutMs: PROBE_TIMEOUT_MS,
    });
  }

  /** Records wait until this is called: topics and subject must be there first. `schemaId` is that of the events' subject. */
  open(schemaId: number): void {
    this.eventHeader = wireHeader(schemaId);
    this.announceOpen(this.eventHeader);
    this.events.start();
    this.deadLetters.start();
    this.probe.start();
  }

  readonly store = async ({ stream, key, body, headers }: IncomingRecord): Promise<StoreOutcome> => {
    const { topics, logger, ackTimeoutMs } = this.options;
    try {
      const eventHeader =
        this.eventHeader ?? (await within(this.opened, ackTimeoutMs, 'waiting for topics and schemas'));
      if (stream === 'events') {
        await this.events.send({ topic: topics.events, key, value: encodeWire(eventHeader, body), headers });
      } else {
        await this.deadLetters.send({ topic: topics.deadLetter, key, value: body, headers });
      }
      return { kind: 'stored', place: 'kafka' };
    } catch (error) {
      logger.debug({ err: error, stream }, 'record not stored');
      return { kind: 'refused', reason: error instanceof Error ? error.message : 'unknown error' };
    }
  };

  readonly notReady = (): string | undefined => {
    if (this.eventHeader === undefined) return 'Kafka topics or schema registry not ready';
    if (!this.events.isConnected || !this.deadLetters.isConnected) return 'not connected to Kafka';
    const fresh = this.events.acknowledgedAt !== undefined && performance.now() - this.events.acknowledgedAt < FRESH_MS;
    return fresh || this.probe.isHealthy ? undefined : 'Kafka does not answer, or has too few in-sync replicas';
  };

  readonly pending = (): number => this.events.pending + this.deadLetters.pending;

  readonly close = async (): Promise<void> => {
    this.probe.stop();
    await Promise.all([this.events.close(), this.deadLetters.close()]);
  };
}
