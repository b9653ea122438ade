import type { Kafka } from '../../infra/kafka/client.js';

type Message = { readonly key: string | null; readonly value: Buffer };
type Request = { readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly Message[] }[] };
type Metadata = { readonly topicName: string; readonly partition: number };
type Partitioner = (args: { topic: string; partitionMetadata: unknown[]; message: Message }) => number;

/** One request as the broker sees it. The test answers it. */
export type Produced = {
  /** Which producer sent it, counted from 1. */
  readonly producer: number;
  readonly values: readonly string[];
  /** Acknowledges all partitions that got messages, or those given. */
  readonly acknowledge: (partitions?: readonly Metadata[]) => void;
  readonly fail: (error: Error) => void;
  /** Does what kafkajs does on a retriable error: asks the partitioner again. */
  readonly retry: () => void;
};

const PARTITIONS = 3;

/** As much of kafkajs as an event producer uses, with a broker that the test plays. */
export class ScriptedKafka {
  opened = 0;
  closed = 0;
  /** Thrown by the next connects, one each. */
  readonly connectFailures: Error[] = [];
  private readonly produced: Produced[] = [];
  private readonly waiting: ((produced: Produced) => void)[] = [];

  /** For constructors that want the real one. */
  get asKafka(): Kafka {
    return {
      producer: (options: { createPartitioner: () => Partitioner }) => this.producer(options),
    } as unknown as Kafka;
  }

  /** The next request, when it comes. */
  next(): Promise<Produced> {
    const produced = this.produced.shift();
    if (produced !== undefined) return Promise.resolve(produced);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Requests that have come and that nobody has taken. */
  get unread(): number {
    return this.produced.length;
  }

  private producer({ createPartitioner }: { createPartitioner: () => Partitioner }) {
    const id = ++this.opened;
    const partitioner = createPartitioner();
    return {
      connect: () => {
        const failure = this.connectFailures.shift();
        return failure === undefined ? Promise.resolve() : Promise.reject(failure);
      },
      disconnect: () => {
        this.closed += 1;
        return Promise.resolve();
      },
      sendBatch: (request: Request) => this.receive(id, partitioner, request),
    };
  }

  private receive(
    producer: number,
    partitioner: Partitioner,
    { topicMessages }: Request,
  ): Promise<readonly Metadata[]> {
    const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({ partitionId }));
    const place = () =>
      topicMessages.flatMap(({ topic, messages }) =>
        messages.map((message) => ({
          topicName: topic,
          partition: partitioner({ topic, partitionMetadata, message }),
        })),
      );
    const placed = place();
    return new Promise((resolve, reject) => {
      const produced: Produced = {
        producer,
        values: topicMessages.flatMap(({ messages }) => messages.map(({ value }) => value.toString())),
        acknowledge: (partitions = placed) => resolve(partitions),
        fail: reject,
        retry: () => {
          resolve(
            Promise.resolve().then(() => {
              place();
              return placed;
            }),
          );
        },
      };
      const taker = this.waiting.shift();
      if (taker === undefined) this.produced.push(produced);
      else taker(produced);
    });
  }
}

/** An error as kafkajs makes it of an answer of the broker. */
export function protocolError(type: string): Error {
  return Object.assign(new Error(type), { type });
}
