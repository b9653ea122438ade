import fc from 'fast-check';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partitionOfKey } from '../../../infra/kafka/protocol/murmur2.js';
import { DeliveryRoute } from '../../../ingress/delivery/delivery-route.js';
import { Drainer } from '../../../ingress/delivery/drainer.js';
import { PartitionLane } from '../../../ingress/delivery/lanes/partition-lane.js';
import { PartitionLanes } from '../../../ingress/delivery/lanes/partition-lanes.js';
import type { IncomingRecord } from '../../../ingress/record.js';
import type { PartitionId } from '../../../infra/spool/partition-folders.js';
import { SpoolBudget } from '../../../ingress/spool/spool-budget.js';
import { Spool } from '../../../ingress/spool/spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { MemoryFs } from '../spool/memory-fs.js';
import { event, openSpool } from '../spool/spool-harness.js';
import { FakePartitions, PARTITIONS } from './fake-partitions.js';

const SESSIONS = ['s0', 's1', 's2', 's3', 's4', 's5'];
const FOLDER = /^\/p(\d)$/;

/** A process with route, lanes and drainers, on a clock that advances only when told to. */
class Process {
  readonly answered: string[] = [];
  readonly refused: string[] = [];
  readonly kafka = new FakePartitions();
  readonly clock = new ManualClock();
  private readonly spools = new Map<number, Spool>();
  private readonly drainers: Drainer[] = [];
  readonly lanes: PartitionLanes;
  readonly route: DeliveryRoute;
  private readonly stopping = new AbortController();

  private constructor(
    private readonly fs: MemoryFs,
    readonly spool: Spool,
  ) {
    const { kafka, clock } = this;
    const nothing = () => undefined;
    const shared = {
      topic: 'test',
      logger: silent,
      clock,
      onSpooled: nothing,
      onFailure: nothing,
      onRejected: nothing,
    };
    const createDrainer = (of: Spool) => this.drainer(of, kafka.deliver);
    const { signal: stopped } = this.stopping;
    this.lanes = new PartitionLanes({
      line: kafka,
      createLane: (id) => new PartitionLane(id, { ...shared, line: kafka, createDrainer, stopped }),
    });
    const { trouble } = kafka;
    this.route = new DeliveryRoute({
      ...shared,
      line: { trouble, withdraw: () => kafka.withdraw(), send: (pending) => this.lanes.send(pending) },
    });
  }

  static async start(fs: MemoryFs): Promise<Process> {
    const running = new Process(fs, await openSpool(fs, { segmentBytes: 400 }));
    const folders = new Set(fs.paths().map((path) => dirname(path)));
    const found = [...folders].flatMap((dir) => FOLDER.exec(dir)?.[1] ?? []).map(Number);
    for (const partition of found) {
      running.spools.set(partition, await openSpool(fs, { dir: `/p${partition}`, segmentBytes: 400 }));
    }
    running.lanes.open((id) => running.spoolOf(id));
    for (const partition of found) running.lanes.resume({ partition, of: PARTITIONS });
    running.route.open(running.spool);
    running.lanes.drain();
    void running.drainer(running.spool, (record) => running.lanes.deliver(record)).run();
    return running;
  }

  accept(record: IncomingRecord): void {
    const text = `${record.key ?? ''}:${record.body.toString()}`;
    this.route.accept(record, ({ kind }) => (kind === 'stored' ? this.answered : this.refused).push(text));
  }

  kill(): void {
    for (const drainer of this.drainers) drainer.stop();
    this.stopping.abort();
    this.kafka.forget();
  }

  get isEmpty(): boolean {
    return this.spool.isEmpty && [...this.spools.values()].every(({ isEmpty }) => isEmpty);
  }

  /** Everything is healthy and acknowledged, until nothing is left anywhere. */
  async settle(): Promise<void> {
    this.kafka.recover();
    for (let quiet = 0; quiet < 8; quiet += 1) {
      await this.clock.advance(2_000);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        this.kafka.acknowledge(partition, 1_000);
        this.kafka.drain(partition, 1_000, true);
      }
      await turns(3);
      if (!this.isEmpty) quiet = 0;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.spool, ...this.spools.values()].map((spool) => spool.close()));
  }

  private spoolOf({ partition }: PartitionId): Spool {
    let spool = this.spools.get(partition);
    if (spool === undefined) {
      const options = { fs: this.fs, dir: `/p${partition}`, budget: new SpoolBudget(1e9), logger: silent };
      spool = Spool.empty({ ...options, clock: new ManualClock(), segmentBytes: 400 });
      this.spools.set(partition, spool);
    }
    return spool;
  }

  private drainer(spool: Spool, send: (record: IncomingRecord) => Promise<void>): Drainer {
    const onRejected = () => Promise.resolve(true);
    const drainer = new Drainer({
      spool,
      logger: silent,
      clock: this.clock,
      send,
      onRejected,
      onDrained: () => undefined,
    });
    this.drainers.push(drainer);
    return drainer;
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

type Step =
  | { readonly kind: 'accept'; readonly session: number }
  | { readonly kind: 'acknowledge' | 'late'; readonly partition: number; readonly count: number }
  | { readonly kind: 'drain'; readonly partition: number; readonly count: number; readonly isAcknowledged: boolean }
  | { readonly kind: 'fails' | 'recovers' | 'trouble'; readonly partition: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'outage' | 'recovery' | 'trouble everywhere' | 'turn' | 'disk' | 'crash' };

const partition = fc.nat(PARTITIONS - 1);
const count = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('accept' as const), session: fc.nat(SESSIONS.length - 1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('acknowledge' as const, 'late' as const), partition, count }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('drain' as const), partition, count, isAcknowledged: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('fails' as const, 'recovers' as const, 'recovers' as const, 'trouble' as const),
      partition,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['outage', 'recovery', 'recovery', 'trouble everywhere', 'turn', 'turn', 'turn', 'turn', 'disk'] as const),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(100, 500, 2_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

describe('partition lanes', () => {
  // Seconds on an idle machine; the limit only ends a hang.
  const timeout = 300_000;

  it('lose nothing and keep the order of each session, whatever single partitions do', { timeout }, async () => {
    let runsWithLanes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), async (steps) => {
        const fs = new MemoryFs();
        const answered: string[] = [];
        const log: string[] = [];
        let number = 0;
        let sawLane = false;
        let running = await Process.start(fs);
        const collect = () => {
          answered.push(...running.answered);
          log.push(...running.kafka.log);
        };
        for (const one of steps) {
          switch (one.kind) {
            case 'accept':
              running.accept(event(SESSIONS[one.session] ?? '', String((number += 1))));
              break;
            case 'acknowledge':
              running.kafka.acknowledge(one.partition, one.count);
              break;
            case 'late':
              running.kafka.arriveLate(one.partition, one.count);
              break;
            case 'drain':
              running.kafka.drain(one.partition, one.count, one.isAcknowledged);
              break;
            case 'fails':
              running.kafka.setHealthy(one.partition, false);
              break;
            case 'recovers':
              running.kafka.setHealthy(one.partition, true);
              break;
            case 'trouble':
              running.lanes.isolate(new Set([one.partition]), 'a batch failed');
              break;
            case 'outage':
              running.kafka.isReachable = false;
              break;
            case 'recovery':
              running.kafka.isReachable = true;
              break;
            case 'trouble everywhere':
              running.lanes.takeOver('a batch failed');
              running.route.takeOver('a batch failed');
              break;
            case 'disk':
              fs.capacityBytes = fs.capacityBytes === Infinity ? 1_000 : Infinity;
              break;
            case 'time':
              await running.clock.advance(one.ms);
              break;
            case 'turn':
              await turns(2);
              break;
            case 'crash':
              running.kill();
              await turns(2);
              collect();
              fs.crash();
              running = await Process.start(fs);
          }
          sawLane ||= running.lanes.unavailable > 0;
        }
        fs.capacityBytes = Infinity;
        await running.settle();
        collect();
        await running.close();
        runsWithLanes += Number(sawLane);

        expect(answered.filter((one) => !log.includes(one))).toEqual([]);
        // The first arrivals of acknowledged records ascend within each session.
        const first = [...new Set(log)].filter((one) => answered.includes(one));
        for (const session of SESSIONS) {
          const numbers = first.filter((one) => one.startsWith(session)).map((one) => Number(one.slice(3)));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
        // A full disk may leave a file without records, which the next start removes.
        if (!steps.some(({ kind }) => kind === 'disk')) expect(fs.paths()).toEqual([]);
      }),
      { numRuns: 1_500, seed: 20_261_127 },
    );
    expect(runsWithLanes).toBeGreaterThan(500);
  });
});

const partitionOf = (key: string) => partitionOfKey(key, PARTITIONS);
const sick = SESSIONS.find((key) => partitionOf(key) === 0) ?? '';
const well = SESSIONS.find((key) => partitionOf(key) !== 0) ?? '';

it('sends other sessions straight to Kafka while one partition is in trouble', async () => {
  const running = await Process.start(new MemoryFs());
  running.kafka.setHealthy(0, false);
  running.accept(event(sick, '1'));
  running.accept(event(well, '2'));
  running.kafka.acknowledge(partitionOf(well), 10);
  await turns(3);
  expect(running.answered.sort()).toEqual([`${sick}:1`, `${well}:2`].sort());
  expect(running.kafka.log).toEqual([`${well}:2`]);
  expect(running.route.isDirect).toBe(true);
  expect(running.lanes.unavailable).toBe(1);
  running.kafka.setHealthy(0, true);
  await running.settle();
  expect(running.kafka.log).toEqual([`${well}:2`, `${sick}:1`]);
  expect(running.lanes.unavailable).toBe(0);
  await running.close();
});

it('drains the others after an outage while one partition stays in trouble', async () => {
  const fs = new MemoryFs();
  const running = await Process.start(fs);
  running.kafka.isReachable = false;
  for (let number = 0; number < 20; number += 1) {
    running.accept(event(sick, String(number)));
    running.accept(event(well, String(number)));
  }
  await turns(3);
  running.kafka.setHealthy(0, false);
  running.kafka.isReachable = true;
  running.lanes.isolate(new Set([0]), 'it has no leader');
  while (!running.spool.isEmpty) {
    running.kafka.drain(partitionOf(well), 3, true);
    await turns(1);
  }
  expect(running.kafka.log).toEqual(Array.from({ length: 20 }, (_, number) => `${well}:${number}`));
  running.accept(event(well, '20'));
  running.kafka.acknowledge(partitionOf(well), 1);
  expect(running.kafka.log.at(-1)).toBe(`${well}:20`);
  expect(fs.paths().every((path) => path.startsWith('/p0/'))).toBe(true);
  await running.settle();
  expect(running.kafka.log.slice(21)).toEqual(Array.from({ length: 20 }, (_, number) => `${sick}:${number}`));
  await running.close();
});
