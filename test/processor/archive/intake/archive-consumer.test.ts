import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Kafka } from '../../../../infra/kafka/connection/client.js';
import { GroupConsumer } from '../../../../infra/kafka/consume/group-consumer.js';
import { ArchiveConsumer } from '../../../../processor/archive/intake/archive-consumer.js';
import { Leases } from '../../../../processor/archive/intake/lease.js';
import { ManualClock, settle } from '../../../support/manual-clock.js';

type Listener = (event: { payload: Record<string, unknown> }) => void;

/** The parts of a kafkajs consumer that the archive uses, controlled by the test. */
class ScriptedConsumer {
  readonly listeners = new Map<string, Listener>();
  readonly committed: unknown[] = [];
  stopped = false;

  constructor(private readonly fails: boolean) {}

  on(name: string, listener: Listener): void {
    this.listeners.set(name, listener);
  }
  connect = () => Promise.resolve();
  subscribe = () => Promise.resolve();
  run = () => (this.fails ? Promise.reject(new Error('the coordinator is loading')) : Promise.resolve());
  commitOffsets = (offsets: unknown) => Promise.resolve(this.committed.push(offsets));
  /** The topics that each member of the group reads. */
  subscriptions: readonly string[][] = [['events']];
  describeGroup = () => {
    return Promise.resolve({ members: this.subscriptions.map((topics) => ({ memberMetadata: metadata(topics) })) });
  };
  /** The group's membership does not read. */
  pause = () => undefined;
  disconnect = () => {
    this.stopped = true;
    return Promise.resolve();
  };

  join(...partitions: number[]): void {
    this.listeners.get('consumer.group_join')?.({ payload: { memberAssignment: { events: partitions } } });
  }
  crash(): void {
    this.listeners.get('consumer.crash')?.({ payload: { error: new Error('crashed') } });
  }
}

/** A member's subscription in the protocol of consumer groups: version, topics, user data. */
function metadata(topics: readonly string[]): Buffer {
  const int = (value: number) => Buffer.from([0, 0, value >> 8, value & 0xff]);
  const names = topics.map((topic) => Buffer.concat([int(topic.length).subarray(2), Buffer.from(topic)]));
  return Buffer.concat([Buffer.from([0, 1]), int(topics.length), ...names, int(0)]);
}

/** @param failing number of consumers that fail to start before one succeeds. */
function setup(failing = 0) {
  const consumers: ScriptedConsumer[] = [];
  const kafka = {
    consumer: () => {
      const consumer = new ScriptedConsumer(consumers.length < failing);
      consumers.push(consumer);
      return consumer;
    },
    // Never returns offsets: these tests read no records.
    admin: () => ({ connect: () => new Promise(() => undefined) }),
  } as unknown as Kafka;
  const clock = new ManualClock();
  const leases = new Leases();
  const failures: number[] = [];
  const consumer = new ArchiveConsumer({
    kafka,
    groupId: 'g',
    topic: 'events',
    leases,
    clock,
    logger: pino({ level: 'silent' }),
    onAssigned: () => undefined,
    onBatch: () => undefined,
    onFailing: (_, count) => failures.push(count),
  });
  return { consumer, consumers, clock, leases, failures };
}

describe('ArchiveConsumer', () => {
  it('retries a failed join and counts failures in a row', async () => {
    const { consumer, consumers, clock, failures } = setup(2);
    await consumer.start();
    expect(consumer.readinessFault()).toMatch(/has not joined/);
    await clock.advance(30_000);
    expect(consumers).toHaveLength(3);
    consumers[2]?.join(0);
    expect(consumer.readinessFault()).toBeUndefined();
    consumers[2]?.crash();
    expect(failures).toEqual([1, 2, 1]);
    await consumer.stop();
  });

  it('is not ready while readers of other topics use its group', async () => {
    const { consumer, consumers } = setup();
    await consumer.start();
    const [member] = consumers;
    if (member === undefined) throw new Error('no member');
    member.subscriptions = [['events'], ['green.events', 'blue.events'], []];
    member.join(0);
    await settle();
    expect(consumer.readinessFault()).toContain('group g is also used by readers of blue.events, green.events');
    member.subscriptions = [['events'], ['events', 'more']];
    member.join(0);
    await settle();
    expect(consumer.readinessFault()).toBeUndefined();
    await consumer.stop();
  });

  it('replaces a crashed consumer once, however often it reports the crash, and keeps its leases', async () => {
    const { consumer, consumers, clock, leases } = setup();
    await consumer.start();
    consumers[0]?.join(0, 1);
    const lease = leases.get(0);
    consumers[0]?.crash();
    consumers[0]?.crash();
    await clock.advance(30_000);
    expect(consumers).toHaveLength(2);
    expect(consumers[0]?.stopped).toBe(true);
    consumers[0]?.join(7);
    consumers[1]?.join(0);
    expect([leases.get(0), leases.get(1), leases.get(7)]).toEqual([lease, undefined, undefined]);
    await consumer.stop();
    expect(consumers[1]?.stopped).toBe(true);
  });

  it('creates no consumer after it is stopped', async () => {
    const { consumer, consumers, clock } = setup(1);
    await consumer.start();
    await consumer.stop();
    await clock.advance(60_000);
    expect(consumers).toHaveLength(1);
  });

  it('commits moved positions once a second and at the end', async () => {
    const { consumer, consumers, clock, leases } = setup();
    await consumer.start();
    consumers[0]?.join(0);
    leases.get(0)?.offsets.advance(5);
    await clock.advance(1_000);
    await clock.advance(5_000);
    expect(consumers[0]?.committed).toEqual([[{ topic: 'events', partition: 0, offset: '5' }]]);
    leases.get(0)?.offsets.advance(6);
    await consumer.stop();
    expect(consumers[0]?.committed.at(-1)).toEqual([{ topic: 'events', partition: 0, offset: '6' }]);
  });

  it('stays paused across a rebalance and resumes all assigned partitions', async () => {
    const pauses: string[] = [];
    const spies = (['pause', 'resume'] as const).map((name) => {
      return vi.spyOn(GroupConsumer.prototype, name).mockImplementation((partitions) => {
        pauses.push(`${name} ${partitions.join()}`);
      });
    });
    onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
    const { consumer, consumers } = setup();
    await consumer.start();
    consumers[0]?.join(0);
    consumer.setPaused(true);
    consumers[0]?.join(0, 1);
    consumer.setPaused(false);
    await settle();
    expect(pauses).toEqual(['resume 0', 'pause 0', 'pause 0,1', 'resume 0,1']);
    await consumer.stop();
  });
});
