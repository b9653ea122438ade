import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { sleep, systemClock } from '../../infra/async/clock.js';
import type { SessionComplete } from '../../schemas/generated/types.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { GroupConsumer } from '../../infra/kafka/consume/group-consumer.js';

export type Seen = { readonly record: SessionComplete; readonly at: number };

export type WatchOptions = {
  readonly kafka: Kafka;
  readonly registry: SchemaRegistry;
  readonly topic: string;
  readonly groupId: string;
  /** Prefix of the session ids to watch. */
  readonly run: string;
};

/** Consumes joined records as a downstream team would: own group, read committed, values decoded by the plain registry client. */
export class CompleteWatch {
  /** By session id, in order of arrival. More than one entry means a duplicate. */
  readonly seen = new Map<string, Seen[]>();
  private readonly consumer: GroupConsumer;
  private onRecord: () => void = () => undefined;
  private crash: Error | undefined;

  constructor({ kafka, registry, topic, groupId, run }: WatchOptions) {
    this.consumer = new GroupConsumer(kafka, {
      groupId,
      topic,
      startAt: 'committed',
      maxWaitMs: 50,
      onAssigned: () => undefined,
      onBatch: async ({ records }) => {
        for (const { key, value } of records) {
          const sessionId = key?.toString() ?? '';
          if (!sessionId.startsWith(run) || value === null) continue;
          const record = (await registry.decode(value)) as SessionComplete;
          this.seen.set(sessionId, [...(this.seen.get(sessionId) ?? []), { record, at: Date.now() }]);
          this.onRecord();
        }
      },
      onCrash: (error) => {
        this.crash = error;
        this.onRecord();
      },
    });
  }

  async start(): Promise<void> {
    await this.consumer.start();
  }

  /** Resolves once `count` sessions have arrived, or at the deadline. @throws the reason of `signal` when it is aborted. */
  async until(count: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    this.onRecord = () => {
      if (this.seen.size >= count || this.crash !== undefined || signal.aborted) done.abort();
    };
    signal.addEventListener('abort', this.onRecord);
    this.onRecord();
    await sleep(systemClock, deadlineMs, done.signal);
    signal.throwIfAborted();
    if (this.crash !== undefined) throw this.crash;
  }

  async stop(): Promise<void> {
    await this.consumer.stop();
  }
}
