import type { JoinRules } from '../../processor/join/rules/rules.js';
import { between, seededRandom, type Random } from '../../lab/random.js';
import { watchCommits } from './commit-checks.js';
import { compareMemory } from './compare-memory.js';
import { compareOutputs } from './compare-outputs.js';
import type { FakeConsumer } from './kafka/fake-consumer.js';
import { FakeGroup } from './kafka/fake-group.js';
import { lostRequest } from './lost-request.js';
import { Scheduler } from './scheduler.js';
import { SessionMaker } from './session-maker.js';
import { SimulatedProcessor } from './simulated-processor.js';
import { SimulatedTopic } from './kafka/simulated-topic.js';

const T0 = Date.UTC(2026, 4, 3, 8);
const MINUTE = 60_000;
/** Step limit of one phase. A sound join needs far fewer steps; more mean that something repeats forever. */
const MAX_STEPS = 20_000;

/** Disturbances between two steps. Each schedule draws its own weights, so that one is mostly crashes, another mostly clock jumps. */
const DISTURBANCES = ['append', 'clock', 'fail', 'crash', 'start', 'stop', 'pause', 'expel', 'compact'] as const;
type Disturbance = (typeof DISTURBANCES)[number];

export type ScheduleResult = {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly steps: number;
};

/** Plays the schedule of a seed: first with faults, then without, until the retention of every session has ended. */
export async function playSchedule(seed: number): Promise<ScheduleResult> {
  const schedule = new Schedule(seededRandom(seed));
  await schedule.disturb();
  if (schedule.violations.length === 0) await schedule.conclude();
  const { violations, scheduler, steps } = schedule;
  return { violations, trace: scheduler.trace, steps };
}

class Schedule {
  readonly violations: string[] = [];
  readonly scheduler: Scheduler;
  steps = 0;
  private readonly rules: JoinRules;
  private readonly topic: SimulatedTopic;
  private readonly group: FakeGroup<FakeConsumer>;
  private readonly maker: SessionMaker;
  private readonly dueTimes: number[] = [];
  private processors: SimulatedProcessor[] = [];
  private started = 0;

  constructor(private readonly random: Random) {
    const partitions = between(random, 1, 3);
    this.rules = {
      recordingGraceMs: 15 * MINUTE,
      finalizeTimeoutMs: 60 * MINUTE,
      // Some forget early, so that a record processed twice starts a second life of its session.
      retentionMs: (random() < 0.7 ? 40 : 600) * MINUTE,
      linkLifetimeMs: 15 * MINUTE,
    };
    this.scheduler = new Scheduler(random);
    this.topic = new SimulatedTopic(partitions, T0, random);
    this.group = new FakeGroup<FakeConsumer>(partitions);
    this.maker = new SessionMaker(random, between(random, 1, 4));
    watchCommits(this.topic, (violation) => this.violations.push(violation));
  }

  async disturb(): Promise<void> {
    const { random } = this;
    const weights = DISTURBANCES.map((name) => ({ name, weight: random() ** 3 * (name === 'append' ? 3 : 1) }));
    const length = between(random, 40, 250);
    const calm = 0.5 + random() * 0.45;
    await this.startProcessor();
    for (let i = 0; i < length && this.violations.length === 0; i += 1) {
      if (random() < calm && (await this.step())) continue;
      let left = random() * weights.reduce((sum, { weight }) => sum + weight, 0);
      await this.do(weights.find(({ weight }) => (left -= weight) < 0)?.name ?? 'append');
    }
  }

  /** Ends the faults. Everything must then be joined, given up where not finalized, and forgotten. */
  async conclude(): Promise<void> {
    const { random, topic } = this;
    this.scheduler.note('no more faults');
    const isFresh = random() < 0.5;
    for (const processor of this.processors) {
      if (isFresh || processor.actor.isPaused || processor.isStopping) this.scheduler.crash(processor.actor);
      processor.actor.isPaused = false;
    }
    this.removeCrashed();
    if (!this.processors.some(({ actor }) => actor.isAlive)) await this.startProcessor();
    topic.advance(1_000);
    await this.until('the backlog is not processed', () => this.isCaughtUp());
    this.violations.push(...compareMemory(topic, this.processors));
    // More events build on every state, and so show whether the states are what the log says.
    for (let i = between(random, 0, 6); i > 0; i -= 1) this.append();
    topic.advance(1_000);
    await this.until('the backlog is not processed', () => this.isCaughtUp());
    this.violations.push(...compareMemory(topic, this.processors));
    const end = topic.now + this.rules.finalizeTimeoutMs + this.rules.retentionMs + 90 * MINUTE;
    while (topic.now < end) {
      topic.advance(between(random, 5 * MINUTE, 90 * MINUTE));
      for (let i = 0; i < 20; i += 1) await this.step();
    }
    await this.until('sessions are not forgotten', () =>
      topic.partitions.every(({ changelog }) => changelog.size === 0),
    );
    for (const number of topic.partitions.keys()) this.violations.push(...compareOutputs(topic, number, this.rules));
  }

  private async step(): Promise<boolean> {
    this.steps += 1;
    return this.scheduler.step();
  }

  private async do(disturbance: Disturbance): Promise<void> {
    const { random, topic, scheduler } = this;
    const one = this.processors[Math.floor(random() * this.processors.length)];
    switch (disturbance) {
      case 'append':
        this.append();
        break;
      case 'clock':
        topic.advance(this.jump());
        scheduler.note(`the clock shows ${new Date(topic.now).toISOString()}`);
        break;
      case 'fail':
        await scheduler.fail(lostRequest);
        break;
      case 'crash':
        if (one?.actor.isAlive) scheduler.crash(one.actor);
        break;
      case 'start':
        if (this.processors.filter(({ actor }) => actor.isAlive).length < 3) await this.startProcessor();
        break;
      case 'stop':
        if (one?.actor.isAlive && !one.actor.isPaused) await one.stop();
        break;
      case 'pause':
        if (one !== undefined) {
          one.actor.isPaused = !one.actor.isPaused;
          scheduler.note(`${one.actor.name} ${one.actor.isPaused ? 'is paused' : 'continues'}`);
        }
        break;
      case 'expel':
        if (one?.consumer !== undefined) this.group.remove(one.consumer);
        break;
      case 'compact':
        for (const partition of topic.partitions) partition.compact();
        break;
      default:
        disturbance satisfies never;
    }
  }

  private append(): void {
    const { random, topic, rules } = this;
    const number = between(random, 0, topic.partitions.length);
    if (random() < 0.03) topic.appendDeadLetter(number, `p${number}-s0`);
    else topic.append(number, this.maker.next(number, topic.now));
    this.scheduler.note(`offset ${topic.partition(number).input.length - 1} of partition ${number} is written`);
    const { recordingGraceMs, finalizeTimeoutMs, retentionMs } = rules;
    this.dueTimes.push(...[recordingGraceMs, finalizeTimeoutMs, retentionMs].map((ms) => topic.now + ms));
  }

  /** Length of a clock jump: milliseconds, minutes, or up to about the due time of a timer. */
  private jump(): number {
    const { random, topic } = this;
    const kind = random();
    if (kind < 0.4) return between(random, 1, 400);
    if (kind < 0.6) return between(random, MINUTE, 50 * MINUTE);
    const next = this.dueTimes.filter((due) => due > topic.now + 1_000);
    const due = next[Math.floor(random() * next.length)] ?? topic.now + MINUTE;
    // A record in the very millisecond of a timer's due time comes before the timer.
    return due - topic.now + (random() < 0.3 ? 0 : between(random, -400, 900));
  }

  private async startProcessor(): Promise<void> {
    this.started += 1;
    const { scheduler, group, topic, random, rules } = this;
    const drift = (random() - 0.5) * 40e-6;
    const processor = new SimulatedProcessor(`processor ${this.started}`, drift, {
      scheduler,
      group,
      topic,
      random,
      rules,
    });
    this.processors.push(processor);
    await processor.start();
  }

  /** Lets the coordinator notice crashed processors. */
  private removeCrashed(): void {
    for (const { actor, consumer } of this.processors)
      if (!actor.isAlive && consumer !== undefined) this.group.remove(consumer);
    this.processors = this.processors.filter(({ actor }) => actor.isAlive);
  }

  /** Every partition is open somewhere and processed to its end, and nothing is in progress. */
  private isCaughtUp(): boolean {
    const { partitions } = this.topic;
    const open = this.processors.reduce((sum, processor) => sum + processor.openPartitions(), 0);
    if (open !== partitions.length || !this.scheduler.isIdle()) return false;
    return partitions.every(({ input, committed }) => (committed ?? 0) === input.length);
  }

  private async until(otherwise: string, isReached: () => boolean): Promise<void> {
    if (this.violations.length > 0) return;
    for (const end = this.steps + MAX_STEPS; this.steps < end && this.violations.length === 0;) {
      if (isReached()) return;
      this.removeCrashed();
      if (this.processors.length === 0) await this.startProcessor();
      await this.step();
    }
    if (this.violations.length === 0) this.violations.push(otherwise);
  }
}
