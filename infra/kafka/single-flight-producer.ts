import type { ICustomPartitioner, Kafka, Producer } from 'kafkajs';
import { partitionOfKey } from './murmur2.js';
import { within } from './within.js';

/** A record for the partition that its key says; without a key, for any partition. */
export type OutgoingRecord = {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
};

/**
 * One idempotent kafkajs producer that sends each batch exactly once over the network, one at a time, and is finished by its first failure.
 *
 * Three things in kafkajs 2.2.4 can turn a retry into an acknowledged loss, so none is allowed here:
 * - after a timeout the sequence numbers roll back, and the next batch is taken for a repetition of the lost one;
 * - when some partitions of a request were appended and others were not, those of the former roll back too;
 * - when a partition moves, between tries, to a broker that has already answered, it is left out and the send still succeeds.
 */
export class SingleFlightProducer {
  private constructor(
    private readonly producer: Producer,
    private readonly pass: SinglePass,
  ) {}

  /** @throws Error when no connection and producer id could be had within `timeoutMs`: wait a little and open again. */
  static async open(kafka: Kafka, timeoutMs: number): Promise<SingleFlightProducer> {
    const pass = new SinglePass();
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: () => pass.partitioner,
      allowAutoTopicCreation: false,
      // No retry gets past the partitioner. A smaller number only makes kafkajs warn.
      retry: { retries: Number.MAX_SAFE_INTEGER },
    });
    const opened = new SingleFlightProducer(producer, pass);
    const connecting = producer.connect();
    try {
      await within(connecting, timeoutMs, 'connecting to Kafka');
    } catch (error) {
      opened.closeAfter(connecting);
      throw error;
    }
    return opened;
  }

  /**
   * Writes all records, or fails with an unknown outcome: each may be in the log, may still arrive there, or never will.
   *
   * @throws Error when not every partition has acknowledged within `timeoutMs`. The producer has then closed itself:
   *   open a new one. {@link refusesRecords} tells whether sending the same records again can succeed.
   */
  async send(records: readonly OutgoingRecord[], timeoutMs: number): Promise<void> {
    this.pass.begin(records.length);
    const sending = this.producer.sendBatch({ acks: -1, timeout: timeoutMs, topicMessages: byTopic(records) });
    try {
      const acknowledged = await within(sending, timeoutMs, 'waiting for the acknowledgement of Kafka');
      this.pass.verify(acknowledged);
    } catch (error) {
      this.closeAfter(sending);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
  }

  /**
   * Closes in the background, once kafkajs has given up what it was doing: a disconnect with a request in flight would never
   * settle, and would leave the socket open, as it switches off the timeout of that request.
   */
  private closeAfter(work: Promise<unknown>): void {
    this.pass.forbid();
    work
      .catch(() => undefined)
      .then(() => this.producer.disconnect())
      .catch(() => undefined);
  }
}

/** Whether the broker refuses these very records, however often they are sent; one of them may be at fault, and the others not. */
export function refusesRecords(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type } = cause as Error & { type?: unknown };
    if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE' || type === 'INVALID_RECORD') return true;
  }
  return false;
}

/** kafkajs asks the partitioner once for each message and try. That makes it the place to see what a try covers, and to stop the next. */
class SinglePass {
  private allowed = 0;
  private readonly chosen = new Set<string>();
  private roundRobin = 0;

  readonly partitioner: ReturnType<ICustomPartitioner> = ({ topic, partitionMetadata, message }) => {
    if (this.allowed === 0) throw new SecondTryError('kafkajs tried to send a batch again');
    this.allowed -= 1;
    const count = partitionMetadata.length;
    const key = message.key ?? null;
    const partition = key === null ? this.roundRobin++ % count : partitionOfKey(key, count);
    this.chosen.add(`${topic}/${partition}`);
    return partition;
  };

  begin(messages: number): void {
    this.allowed = messages;
    this.chosen.clear();
  }

  forbid(): void {
    this.allowed = 0;
  }

  /** @throws Error when a partition that got messages is not among those that acknowledged. */
  verify(acknowledged: readonly { readonly topicName: string; readonly partition: number }[]): void {
    for (const { topicName, partition } of acknowledged) this.chosen.delete(`${topicName}/${partition}`);
    if (this.chosen.size > 0) throw new Error(`not acknowledged: ${[...this.chosen].join(', ')}`);
  }
}

class SecondTryError extends Error {
  override readonly name = 'SecondTryError';
  /** kafkajs gives up on errors that say so. */
  readonly retriable = false;
}

function byTopic(records: readonly OutgoingRecord[]) {
  const topics = new Map<string, { key: string | null; value: Buffer; headers?: Record<string, string | Buffer> }[]>();
  for (const record of records) {
    let messages = topics.get(record.topic);
    if (messages === undefined) topics.set(record.topic, (messages = []));
    // kafkajs reads key, value and headers of what it is given, and changes nothing in it.
    messages.push(record);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
