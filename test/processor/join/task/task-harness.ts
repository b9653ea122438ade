import { Registry } from 'prom-client';
import type { Clock } from '../../../../infra/async/clock.js';
import { MAX_RECORD_BYTES } from '../../../../infra/kafka/topics/topic-layout.js';
import type { JoinRules } from '../../../../processor/join/rules/rules.js';
import { JoinMetrics } from '../../../../processor/join/join-metrics.js';
import { OutputEncoder } from '../../../../processor/join/log/output-encoder.js';
import { maxValueBytes } from '../../../../processor/join/log/size-limit.js';
import { StreamTask } from '../../../../processor/join/task/stream-task.js';
import type { SessionComplete, SessionIncomplete } from '../../../../schemas/generated/types.js';
import { topicNames } from '../../../../schemas/topics.js';
import type { SessionEventValue } from '../../../../schemas/validators.js';
import { decodeWire, encodeWire, wireHeader } from '../../../../schemas/wire-format.js';
import { RULES, T0 } from '../rules/session-script.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { FakePartition, type Committed } from '../../../../soak/simulation/kafka/fake-partition.js';

export const TOPICS = topicNames('');
const EVENTS_ID = 1;
const counts = { open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 };

export type Written = {
  readonly topic: string;
  readonly id: string;
  readonly record: Partial<SessionComplete> & Partial<SessionIncomplete>;
};

/** Tasks on a partition in memory. The test sets the time. */
export class TaskHarness {
  readonly partition = new FakePartition(T0);
  readonly rules: JoinRules;
  /** Timers, which pass independently of the time that the clock shows. */
  readonly timers = new ManualClock();
  /** Shows the broker's time. */
  readonly clock: Clock = {
    now: () => this.partition.brokerNow,
    monotonic: () => this.partition.brokerNow,
    after: (ms, callback) => this.timers.after(ms, callback),
  };

  constructor(rules: Partial<JoinRules> = {}) {
    this.rules = { ...RULES, ...rules };
  }

  append(...events: readonly SessionEventValue[]): void {
    for (const event of events) this.partition.append(event.sessionId, encodeEvent(event));
  }

  /** A task that is not open yet. */
  task(partition = 0): StreamTask {
    const metrics = new JoinMetrics(new Registry(), () => counts);
    const encoder = new OutputEncoder(
      TOPICS,
      { events: EVENTS_ID, complete: 2, amended: 2, incomplete: 3 },
      maxValueBytes(MAX_RECORD_BYTES),
    );
    const { clock } = this;
    return new StreamTask(partition, {
      log: this.partition.log(),
      topics: TOPICS,
      rules: this.rules,
      encoder,
      metrics,
      clock,
    });
  }

  async open(): Promise<StreamTask> {
    const task = this.task();
    await task.open();
    return task;
  }

  /** Lets the task process the records from `from` on, as from a consumer that starts there. */
  async feed(task: StreamTask, from = this.partition.committed ?? 0, to = this.partition.input.length): Promise<void> {
    const records = this.partition.input.slice(from, to);
    const last = records.at(-1);
    if (last !== undefined) await task.process(records, last.offset + 1);
  }

  /** Lets the task process records while more are known to follow. */
  async defer(task: StreamTask, from = this.partition.committed ?? 0, to = this.partition.input.length): Promise<void> {
    await task.process(this.partition.input.slice(from, to), to, true);
  }

  /** Collects the transactions from now on, as they become visible. */
  watchCommits(): readonly Committed[] {
    const commits: Committed[] = [];
    this.partition.onCommitted = (transaction) => void commits.push(transaction);
    return commits;
  }

  async punctuate(task: StreamTask): Promise<void> {
    while (await task.punctuate({ endOffset: this.partition.input.length, asOf: this.partition.brokerNow }));
  }

  get written(): Written[] {
    return this.partition.outputs.map(({ topic, value, headers }) => ({
      topic,
      id: String(headers['reason'] ?? headers['ce_id']),
      record:
        topic === TOPICS.deadLetter
          ? {}
          : (JSON.parse(decodeWire(value)?.json.toString() ?? '{}') as Written['record']),
    }));
  }

  get ids(): string[] {
    return this.written.map(({ id }) => id);
  }
}

export function encodeEvent(event: SessionEventValue, schemaId = EVENTS_ID): Buffer {
  return encodeWire(wireHeader(schemaId), JSON.stringify(event));
}
