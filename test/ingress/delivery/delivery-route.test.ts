import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryRoute } from '../../../ingress/delivery/delivery-route.js';
import { Drainer } from '../../../ingress/delivery/drainer.js';
import type { IncomingRecord } from '../../../ingress/record.js';
import type { Spool } from '../../../ingress/spool/spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { MemoryFs } from '../spool/memory-fs.js';
import { event, openSpool } from '../spool/spool-harness.js';
import { FakeKafka } from './fake-kafka.js';

type Step =
  | { readonly kind: 'accept'; readonly session: number }
  | { readonly kind: 'acknowledge' | 'late'; readonly count: number }
  | { readonly kind: 'drain'; readonly count: number; readonly isAcknowledged: boolean }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'outage' | 'recovery' | 'trouble' | 'turn' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('accept' as const), session: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('acknowledge' as const, 'late' as const), count: fc.nat(4) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('drain' as const), count: fc.nat(4), isAcknowledged: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'outage' as const,
        'recovery' as const,
        'trouble' as const,
        'turn' as const,
        'turn' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(100, 500, 2_000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

/** A process with a route and a drainer, on a clock that advances only when told to. */
class Process {
  readonly answered: string[] = [];
  private constructor(
    readonly kafka: FakeKafka,
    readonly clock: ManualClock,
    private readonly route: DeliveryRoute,
    readonly spool: Spool,
    private readonly drainer: Drainer,
  ) {}

  static async start(fs: MemoryFs, kafka: FakeKafka): Promise<Process> {
    const spool = await openSpool(fs, { segmentBytes: 400 });
    const clock = new ManualClock();
    const nothing = () => undefined;
    const route = new DeliveryRoute({
      topic: 'test',
      line: kafka,
      logger: silent,
      clock,
      onSpooled: nothing,
      onFailure: nothing,
      onRejected: nothing,
    });
    route.open(spool);
    const onRejected = () => Promise.resolve(true);
    const drainer = new Drainer({ spool, logger: silent, clock, send: kafka.deliver, onRejected, onDrained: nothing });
    void drainer.run();
    return new Process(kafka, clock, route, spool, drainer);
  }

  accept(record: IncomingRecord): void {
    this.route.accept(record, (outcome) => {
      if (outcome.kind === 'stored') this.answered.push(`${record.key ?? ''}:${record.body.toString()}`);
    });
  }

  trouble(): void {
    this.route.takeOver('a batch failed');
  }

  kill(): void {
    this.drainer.stop();
    this.kafka.forget();
  }

  /** Kafka is healthy and acknowledges everything, until nothing is left anywhere. */
  async settle(): Promise<void> {
    this.kafka.isHealthy = true;
    for (let quiet = 0; quiet < 5; quiet += 1) {
      this.kafka.acknowledge(1_000);
      this.kafka.drain(1_000, true);
      await turns(3);
      if (!this.spool.isEmpty) quiet = 0;
    }
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

describe('a delivery route', () => {
  // Seconds on an idle machine; the limit only ends a hang.
  const timeout = 300_000;

  it('loses no acknowledged record and keeps the order of each session, whatever Kafka does', { timeout }, async () => {
    let runsWithSpool = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        const fs = new MemoryFs();
        const answered: string[] = [];
        const log: string[] = [];
        let number = 0;
        let running = await Process.start(fs, new FakeKafka());
        const collect = () => {
          answered.push(...running.answered);
          log.push(...running.kafka.log);
        };
        for (const one of steps) {
          switch (one.kind) {
            case 'accept':
              running.accept(event(`s${one.session}`, String((number += 1))));
              break;
            case 'acknowledge':
              if (running.kafka.isHealthy) running.kafka.acknowledge(one.count);
              break;
            case 'late':
              running.kafka.arriveLate(one.count);
              break;
            case 'drain':
              if (running.kafka.isHealthy) running.kafka.drain(one.count, one.isAcknowledged);
              break;
            case 'outage':
              running.kafka.isHealthy = false;
              break;
            case 'recovery':
              running.kafka.isHealthy = true;
              break;
            case 'trouble':
              running.trouble();
              break;
            case 'time':
              await running.clock.advance(one.ms);
              break;
            case 'turn':
              await turns(2);
              break;
            case 'crash':
              running.kill();
              await turns(1);
              collect();
              fs.crash();
              running = await Process.start(fs, new FakeKafka());
          }
        }
        await running.settle();
        collect();
        await running.spool.close();
        runsWithSpool += Number(fs.calls.includes('write'));

        expect(answered.filter((one) => !log.includes(one))).toEqual([]);
        // The first arrivals of acknowledged records ascend within each session.
        const first = [...new Set(log)].filter((one) => answered.includes(one));
        for (const session of ['s0', 's1', 's2']) {
          const numbers = first.filter((one) => one.startsWith(session)).map((one) => Number(one.slice(3)));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
        expect(fs.paths()).toEqual([]);
      }),
      { numRuns: 1_500, seed: 20_260_503 },
    );
    expect(runsWithSpool).toBeGreaterThan(500);
  });

  it('sends straight to Kafka while Kafka is healthy, without touching the disk', async () => {
    const fs = new MemoryFs();
    const running = await Process.start(fs, new FakeKafka());
    running.accept(event('s0', '1'));
    running.kafka.acknowledge(1);
    await turns(1);
    expect(running.answered).toEqual(['s0:1']);
    expect(fs.calls).toEqual([]);
  });

  it('stores in the spool at once while Kafka is unavailable', async () => {
    const fs = new MemoryFs();
    const running = await Process.start(fs, new FakeKafka());
    running.kafka.isHealthy = false;
    running.accept(event('s0', '1'));
    await turns(2);
    expect(running.answered).toEqual(['s0:1']);
    expect(fs.paths()).toHaveLength(1);
  });

  it('refuses records while neither Kafka nor the disk accepts them, and accepts them once the disk recovers', async () => {
    const fs = new MemoryFs();
    fs.capacityBytes = 0;
    const running = await Process.start(fs, new FakeKafka());
    running.kafka.isHealthy = false;
    running.accept(event('s0', '1'));
    await turns(3);
    fs.capacityBytes = Infinity;
    running.accept(event('s0', '2'));
    await turns(3);
    expect(running.answered).toEqual(['s0:2']);
    await running.settle();
    expect(running.kafka.log).toEqual(['s0:2']);
    await running.spool.close();
  });

  it('returns from the spool to Kafka under a continuous load', async () => {
    const running = await Process.start(new MemoryFs(), new FakeKafka());
    running.kafka.isHealthy = false;
    running.accept(event('s0', '0'));
    await turns(2);
    running.kafka.isHealthy = true;
    let number = 0;
    let direct = 0;
    while (direct === 0) {
      for (let burst = 0; burst < 5; burst += 1) running.accept(event('s0', String((number += 1))));
      running.kafka.drain(3, true);
      direct = running.kafka.waiting;
      running.kafka.acknowledge(1_000);
      await new Promise(setImmediate);
    }
    await running.settle();
    expect(running.kafka.log).toEqual(Array.from({ length: number + 1 }, (_, n) => `s0:${n}`));
    await running.spool.close();
  });

  it('spools held records when draining the rest takes too long, and tries again after a pause', async () => {
    const fs = new MemoryFs();
    const running = await Process.start(fs, new FakeKafka());
    running.kafka.isHealthy = false;
    running.accept(event('s0', '0'));
    await turns(2);
    running.kafka.isHealthy = true;
    running.accept(event('s0', '1'));
    await turns(2);
    expect(running.answered).toEqual(['s0:0']);
    await running.clock.advance(500);
    await turns(2);
    running.accept(event('s0', '2'));
    await turns(2);
    expect(running.answered).toEqual(['s0:0', 's0:1', 's0:2']);
    await running.clock.advance(2_000);
    running.accept(event('s0', '3'));
    await turns(2);
    expect(running.answered).toHaveLength(3);
    await running.settle();
    expect(running.kafka.log).toEqual(['s0:0', 's0:1', 's0:2', 's0:3']);
    await running.spool.close();
  });
});
