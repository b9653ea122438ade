import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { MAX_RECORD_BYTES } from '../../infra/kafka/topics/ensure-topics.js';
import type { JoinRules } from '../../processor/join/rules/rules.js';
import { JoinMetrics } from '../../processor/join/join-metrics.js';
import { OutputEncoder } from '../../processor/join/log/output-encoder.js';
import { maxValueBytes } from '../../processor/join/log/size-limit.js';
import { SchemaIds } from '../../processor/join/log/schema-ids.js';
import { StreamTask } from '../../processor/join/task/stream-task.js';
import type { TaskSlot } from '../../processor/join/task/task-slot.js';
import { StreamThread } from '../../processor/join/task/stream-member.js';
import { topicNames } from '../../schemas/topics.js';
import { FakeConsumer, type FakeConsumerDeps } from './fake-consumer.js';
import type { Actor } from './scheduler.js';
import { EVENTS_ID } from './simulated-topic.js';

export const TOPICS = topicNames('');

const silent = pino({ level: 'silent' });
const metrics = new JoinMetrics(new Registry(), () => ({
  open: 0,
  'given-up': 0,
  'awaiting-recording': 0,
  completed: 0,
}));
const encoder = new OutputEncoder(
  TOPICS,
  { events: EVENTS_ID, complete: 2, amended: 2, incomplete: 3 },
  maxValueBytes(MAX_RECORD_BYTES),
);
const schemaIds = new SchemaIds([EVENTS_ID], { knows: () => Promise.resolve(false) }, silent);

export type ProcessorDeps = FakeConsumerDeps & { readonly rules: JoinRules };

/** The real thread, tasks and punctuator of one process, on simulated Kafka. It starts anew after a failure, as the role does. */
export class SimulatedProcessor {
  readonly actor: Actor;
  /** Its present membership. */
  consumer: FakeConsumer | undefined;
  private thread: StreamThread | undefined;
  /** It has had its SIGTERM. */
  isStopping = false;

  constructor(
    name: string,
    private readonly drift: number,
    private readonly deps: ProcessorDeps,
  ) {
    this.actor = { name, isAlive: true, isPaused: false };
  }

  async start(): Promise<void> {
    await this.deps.scheduler.start(this.actor, () => this.startThread());
  }

  /** As on SIGTERM: what is in progress is finished, step by step. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.deps.scheduler.start(this.actor, () => void this.leave());
  }

  openPartitions(): number {
    return this.openSlots().length;
  }

  /** Sessions in memory by phase, of all partitions that it has. */
  counts(): Record<string, number> {
    const total: Record<string, number> = {};
    for (const slot of this.openSlots()) {
      for (const [phase, count] of Object.entries(slot.counts)) total[phase] = (total[phase] ?? 0) + count;
    }
    return total;
  }

  /** Those of a thread that has failed are on their way out. */
  private openSlots(): readonly TaskSlot[] {
    return this.thread?.assignedSlots() === undefined ? [] : this.thread.openSlots();
  }

  private startThread(): void {
    if (this.isStopping) return;
    const { topic } = this.deps;
    this.thread = new StreamThread({
      createConsumer: (handlers) => (this.consumer = new FakeConsumer(this.deps, handlers)),
      topic: topic.name,
      offsets: { bounds: () => this.bounds() } as unknown as OffsetReader,
      createTask: (partition) => this.createTask(partition),
      metrics,
      logger: silent,
      onFailed: (error) => void this.restart(error),
    });
    this.thread.start().catch((error: unknown) => void this.restart(error));
  }

  private createTask(partition: number): StreamTask {
    const { scheduler, topic, rules } = this.deps;
    return new StreamTask(partition, {
      log: topic.partition(partition).log((point) => scheduler.wait(point)),
      monotonicMs: () => topic.now * (1 + this.drift),
      ...{ rules, encoder, schemaIds, metrics },
    });
  }

  private async bounds() {
    const { scheduler, topic } = this.deps;
    await scheduler.wait('end offsets');
    const bounds = new Map(topic.partitions.map((_, number) => [number, { low: 0, end: topic.visibleEnd(number) }]));
    await scheduler.wait('answer to the end offsets');
    return bounds;
  }

  private async restart(error: unknown): Promise<void> {
    this.deps.scheduler.note(`${this.actor.name} joins anew after ${String(error)}`);
    await this.thread?.stop().catch(() => undefined);
    await this.deps.scheduler.wait('back off');
    this.startThread();
  }

  private async leave(): Promise<void> {
    await this.thread?.stop().catch(() => undefined);
    this.deps.scheduler.note(`${this.actor.name} has stopped`);
    this.actor.isAlive = false;
  }
}
