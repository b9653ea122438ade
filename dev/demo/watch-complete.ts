import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { SessionComplete } from '../../schemas/generated/types.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import { GroupConsumer } from '../../infra/kafka/consume/group-consumer.js';

export type Seen = { readonly record: SessionComplete; readonly at: number };

export type WatchOptions = {
  readonly kafka: Kafka;
  readonly registry: SchemaRegistry;
  readonly topic: string;
  readonly groupId: string;
  /** Only sessions whose id starts so. */
  readonly run: string;
};

/** A downstream team's consumer: its own group, read committed, values decoded by the plain registry client. */
export class CompleteWatch {
  /** By session id, in order of arrival; more than one entry is a duplicate. */
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

  /** Resolves once `count` sessions are there, or at the deadline. @throws the signal's reason. */
  async until(count: number, deadlineMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.onRecord = () => {
        if (this.seen.size < count && this.crash === undefined && !signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.onRecord);
      this.onRecord();
    });
    signal.throwIfAborted();
    if (this.crash !== undefined) throw this.crash;
  }

  async stop(): Promise<void> {
    await this.consumer.stop();
  }
}
