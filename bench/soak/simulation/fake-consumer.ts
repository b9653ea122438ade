import type { FakeGroup } from './fake-group.js';
import type { Random } from '../ingress/random.js';
import type { Scheduler } from './scheduler.js';
import type { SimulatedTopic } from './simulated-topic.js';

/** What our consumer uses of kafkajs's. */
type Batch = {
  readonly batch: {
    readonly partition: number;
    readonly messages: readonly { offset: string; key: Buffer | null; value: Buffer | null; timestamp: string }[];
    readonly lastOffset: () => string;
  };
  readonly heartbeat: () => Promise<void>;
  readonly isRunning: () => boolean;
  readonly isStale: () => boolean;
  readonly resolveOffset: (offset: string) => void;
};
type EachBatch = (batch: Batch) => Promise<void>;
type Listener = (event: { readonly payload: unknown }) => void;

class RebalanceInProgress extends Error {
  override readonly name = 'KafkaJSProtocolError';
}

const MOST_RECORDS = 4;

export type FakeConsumerDeps = {
  readonly scheduler: Scheduler;
  readonly group: FakeGroup;
  readonly topic: SimulatedTopic;
  readonly random: Random;
};

/**
 * A kafkajs consumer on simulated partitions. It goes on with what it was assigned until it asks the coordinator: so after a pause,
 * or just late, it works on partitions that belong to another.
 */
export class FakeConsumer {
  private readonly listeners = new Map<string, Listener>();
  private loop: Promise<void> = Promise.resolve();
  private isStopping = false;
  private generation = -1;
  /** A read has ended the generation for all: it was told of a rebalance, or it failed. */
  private isOver = false;
  private readonly seeks = new Map<number, number>();

  constructor(private readonly deps: FakeConsumerDeps) {}

  on(name: string, listener: Listener): void {
    this.listeners.set(name, listener);
  }

  async connect(): Promise<void> {
    await this.deps.scheduler.wait('connect');
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  run({ eachBatch }: { readonly eachBatch: EachBatch }): Promise<void> {
    this.loop = this.consume(eachBatch);
    return Promise.resolve();
  }

  /** Takes effect at the next fetch; what is under way is stale. */
  seek({ partition, offset }: { readonly partition: number; readonly offset: string }): void {
    this.seeks.set(partition, Number(offset));
  }

  async disconnect(): Promise<void> {
    this.isStopping = true;
    await this.loop;
    this.deps.group.remove(this);
  }

  private async consume(eachBatch: EachBatch): Promise<void> {
    const { scheduler, group, topic } = this.deps;
    try {
      while (!this.isStopping) {
        await scheduler.wait('join the group');
        group.join(this);
        this.generation = group.generation;
        const partitions = group.assignmentOf(this);
        await scheduler.wait('answer to the join');
        this.seeks.clear();
        // The joins of others may have come in between: the coordinator does not answer an old generation.
        if (this.isOutdated()) continue;
        this.emit('consumer.group_join', { memberAssignment: { [topic.name]: partitions } });
        if (partitions.length === 0)
          await scheduler.wait('next generation', () => this.isOutdated() || this.isStopping);
        this.isOver = false;
        const reads = await Promise.allSettled(
          partitions.map((partition) => this.read(partition, eachBatch).finally(() => (this.isOver = true))),
        );
        for (const read of reads) {
          if (read.status === 'rejected' && !(read.reason instanceof RebalanceInProgress)) throw read.reason;
        }
      }
    } catch (error) {
      this.emit('consumer.crash', { error, restart: false });
    }
  }

  private async read(partition: number, eachBatch: EachBatch): Promise<void> {
    const { scheduler, topic, random } = this.deps;
    const source = topic.partition(partition);
    await scheduler.wait('read the start');
    let position = source.committed ?? 0;
    await scheduler.wait('answer to the start');
    const hasEnded = (): boolean => this.isStopping || this.isOver;
    while (!hasEnded()) {
      const isDue = (): boolean =>
        position < topic.visibleEnd(partition) || this.seeks.has(partition) || this.isOutdated() || hasEnded();
      await scheduler.wait('fetch', isDue);
      position = this.seeks.get(partition) ?? position;
      this.seeks.delete(partition);
      if (random() < 0.5) this.verify();
      const most = Math.ceil(random() * MOST_RECORDS);
      const records = source.input.slice(position, Math.min(position + most, topic.visibleEnd(partition)));
      const last = records.at(-1);
      if (last === undefined) continue;
      await scheduler.wait('answer to the fetch');
      await eachBatch({
        batch: {
          partition,
          messages: records.map(({ offset, key, value, timestamp }) => {
            return { offset: String(offset), key, value, timestamp: String(timestamp) };
          }),
          lastOffset: () => String(last.offset),
        },
        heartbeat: async () => {
          await scheduler.wait('heartbeat');
          this.verify();
        },
        isRunning: () => !this.isStopping,
        isStale: () => this.seeks.has(partition),
        resolveOffset: (offset) => (position = Number(offset) + 1),
      });
    }
  }

  private isOutdated(): boolean {
    const { group } = this.deps;
    return group.generation !== this.generation || !group.has(this);
  }

  /** @throws RebalanceInProgress, as an answer to a heartbeat. */
  private verify(): void {
    if (this.isOutdated()) throw new RebalanceInProgress('the group is rebalancing');
  }

  private emit(name: string, payload: unknown): void {
    this.listeners.get(name)?.({ payload });
  }
}
