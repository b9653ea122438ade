import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Clock } from '../../infra/async/clock.js';
import type { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { MAX_RECORD_BYTES } from '../../infra/kafka/topics/topic-layout.js';
import type { JoinRules } from '../../processor/join/rules/rules.js';
import { JoinMetrics } from '../../processor/join/join-metrics.js';
import { OutputEncoder } from '../../processor/join/log/output-encoder.js';
import { maxValueBytes } from '../../processor/join/log/size-limit.js';
import { StreamTask } from '../../processor/join/task/stream-task.js';
import type { TaskSlot } from '../../processor/join/task/task-slot.js';
import { StreamMember } from '../../processor/join/task/stream-member.js';
import { topicNames } from '../../schemas/topics.js';
import { FakeConsumer, type FakeConsumerDeps } from './kafka/fake-consumer.js';
import type { Actor } from './scheduler.js';
import { EVENTS_ID } from './kafka/simulated-topic.js';

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
export type ProcessorDeps = FakeConsumerDeps & { readonly rules: JoinRules };

/** The real stream member, tasks and punctuator of one process, on simulated Kafka. It starts a new member after a failure, as the role does. */
export class SimulatedProcessor {
  readonly actor: Actor;
  /** The consumer of the current member. */
  consumer: FakeConsumer | undefined;
  private member: StreamMember | undefined;
  /** Whether it has received SIGTERM. */
  isStopping = false;
  private readonly clock: Clock;

  /** @param drift of its clock against the broker's, as a fraction. */
  constructor(
    name: string,
    drift: number,
    private readonly deps: ProcessorDeps,
  ) {
    const { scheduler, topic } = deps;
    this.actor = { name, isAlive: true, isPaused: false };
    const now = (): number => topic.now * (1 + drift);
    this.clock = { now, monotonic: now, after: (ms, callback) => scheduler.after(ms, callback) };
  }

  async start(): Promise<void> {
    await this.deps.scheduler.start(this.actor, () => this.startMember());
  }

  /** Stops as on SIGTERM: calls in progress are finished, step by step. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.deps.scheduler.start(this.actor, () => void this.leave());
  }

  openPartitions(): number {
    return this.openSlots().length;
  }

  /** Number of sessions in memory by phase, over all its partitions. */
  counts(): Record<string, number> {
    const total: Record<string, number> = {};
    for (const slot of this.openSlots()) {
      for (const [phase, count] of Object.entries(slot.counts)) total[phase] = (total[phase] ?? 0) + count;
    }
    return total;
  }

  /** The slots of a failed member do not count: they are being closed. */
  private openSlots(): readonly TaskSlot[] {
    return this.member?.assignedSlots() === undefined ? [] : this.member.openSlots();
  }

  private startMember(): void {
    if (this.isStopping) return;
    const { topic } = this.deps;
    this.member = new StreamMember({
      createConsumer: (handlers) => (this.consumer = new FakeConsumer(this.deps, handlers)),
      topic: topic.name,
      offsets: { bounds: () => this.bounds() } as unknown as OffsetReader,
      createTask: (partition) => this.createTask(partition),
      metrics,
      logger: silent,
      clock: this.clock,
      onFailed: (error) => void this.restart(error),
    });
    this.member.start().catch((error: unknown) => void this.restart(error));
  }

  private createTask(partition: number): StreamTask {
    const { scheduler, topic, rules } = this.deps;
    return new StreamTask(partition, {
      log: topic.partition(partition).log((point) => scheduler.wait(point)),
      topics: TOPICS,
      rules,
      encoder,
      metrics,
      clock: this.clock,
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
    this.deps.scheduler.note(`${this.actor.name} rejoins after ${String(error)}`);
    await this.member?.stop().catch(() => undefined);
    await this.deps.scheduler.wait('back off');
    this.startMember();
  }

  private async leave(): Promise<void> {
    await this.member?.stop().catch(() => undefined);
    this.deps.scheduler.note(`${this.actor.name} has stopped`);
    this.actor.isAlive = false;
  }
}
