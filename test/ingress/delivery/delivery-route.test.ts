import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Drainer } from '../../../ingress/delivery/drainer.js';
import { Lane } from '../../../ingress/delivery/delivery-route.js';
import type { Spool } from '../../../ingress/spool/spool.js';
import type { IncomingRecord } from '../../../ingress/delivery/event-sink.js';
import { silent } from '../../support/stack-settings.js';
import { FakeKafka } from './fake-kafka.js';
import { MemoryFs } from '../spool/memory-fs.js';
import { event, openSpool } from '../spool/spool-harness.js';

type Step =
  | { readonly kind: 'store'; readonly session: number }
  | { readonly kind: 'acknowledge' | 'late'; readonly count: number }
  | { readonly kind: 'drain'; readonly count: number; readonly isAcknowledged: boolean }
  | { readonly kind: 'away' | 'back' | 'trouble' | 'turn' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('store' as const), session: fc.nat(2) }) },
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
      kind: fc.constantFrom('away' as const, 'back' as const, 'trouble' as const, 'turn' as const, 'turn' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

/** A process with a lane and a drainer. */
class Process {
  readonly answered: string[] = [];
  private constructor(
    readonly kafka: FakeKafka,
    private readonly lane: Lane,
    readonly spool: Spool,
    private readonly drainer: Drainer,
  ) {}

  static async start(fs: MemoryFs, kafka: FakeKafka): Promise<Process> {
    const spool = await openSpool(fs, { segmentBytes: 400 });
    const nothing = () => undefined;
    const lane = new Lane({ name: 'test', line: kafka, logger: silent, onSpooled: nothing, onFailure: nothing });
    lane.open(spool);
    const onRefused = () => Promise.resolve(true);
    const drainer = new Drainer({ spool, logger: silent, send: kafka.deliver, onRefused, onDrained: nothing });
    void drainer.run();
    return new Process(kafka, lane, spool, drainer);
  }

  store(record: IncomingRecord): void {
    this.lane.store(record, (outcome) => {
      if (outcome.kind === 'stored') this.answered.push(`${record.key ?? ''}:${record.body.toString()}`);
    });
  }

  trouble(): void {
    this.lane.takeOver('a batch failed');
  }

  kill(): void {
    this.drainer.stop();
    this.kafka.forget();
  }

  /** Kafka is well and answers everything, until nothing is left anywhere. */
  async settle(): Promise<void> {
    this.kafka.isWell = true;
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

describe('a lane', () => {
  it('loses nothing it has answered, and no record overtakes an older one of its session, whatever Kafka does', async () => {
    let places = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }), async (steps) => {
        const fs = new MemoryFs();
        const answered: string[] = [];
        const log: string[] = [];
        let number = 0;
        let running = await Process.start(fs, new FakeKafka());
        const end = () => {
          answered.push(...running.answered);
          log.push(...running.kafka.log);
        };
        for (const one of steps) {
          switch (one.kind) {
            case 'store':
              running.store(event(`s${one.session}`, String((number += 1))));
              break;
            case 'acknowledge':
              if (running.kafka.isWell) running.kafka.acknowledge(one.count);
              break;
            case 'late':
              running.kafka.arriveLate(one.count);
              break;
            case 'drain':
              if (running.kafka.isWell) running.kafka.drain(one.count, one.isAcknowledged);
              break;
            case 'away':
              running.kafka.isWell = false;
              break;
            case 'back':
              running.kafka.isWell = true;
              break;
            case 'trouble':
              running.trouble();
              break;
            case 'turn':
              await turns(2);
              break;
            case 'crash':
              running.kill();
              await turns(1);
              end();
              fs.crash();
              running = await Process.start(fs, new FakeKafka());
          }
        }
        await running.settle();
        end();
        await running.spool.close();
        places += Number(fs.calls.includes('write'));

        expect(answered.filter((one) => !log.includes(one))).toEqual([]);
        // First arrivals of what was answered, per session, rise.
        const first = [...new Set(log)].filter((one) => answered.includes(one));
        for (const session of ['s0', 's1', 's2']) {
          const numbers = first.filter((one) => one.startsWith(session)).map((one) => Number(one.slice(3)));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        }
        expect(fs.paths()).toEqual([]);
      }),
      { numRuns: 1_500, seed: 20_260_503 },
    );
    expect(places).toBeGreaterThan(500);
  });

  it('goes straight to Kafka while all is well, and does not touch the disk', async () => {
    const fs = new MemoryFs();
    const running = await Process.start(fs, new FakeKafka());
    running.store(event('s0', '1'));
    running.kafka.acknowledge(1);
    await turns(1);
    expect(running.answered).toEqual(['s0:1']);
    expect(fs.calls).toEqual([]);
  });

  it('answers from the spool at once while Kafka is away', async () => {
    const fs = new MemoryFs();
    const running = await Process.start(fs, new FakeKafka());
    running.kafka.isWell = false;
    running.store(event('s0', '1'));
    await turns(2);
    expect(running.answered).toEqual(['s0:1']);
    expect(fs.paths()).toHaveLength(1);
  });

  it('refuses when neither takes a record, and takes the next ones when the disk is well', async () => {
    const fs = new MemoryFs();
    fs.capacityBytes = 0;
    const running = await Process.start(fs, new FakeKafka());
    running.kafka.isWell = false;
    running.store(event('s0', '1'));
    await turns(3);
    fs.capacityBytes = Infinity;
    running.store(event('s0', '2'));
    await turns(3);
    expect(running.answered).toEqual(['s0:2']);
    await running.settle();
    expect(running.kafka.log).toEqual(['s0:2']);
    await running.spool.close();
  });

  it('comes back from the spool under a load that never pauses', async () => {
    const running = await Process.start(new MemoryFs(), new FakeKafka());
    running.kafka.isWell = false;
    running.store(event('s0', '0'));
    await turns(2);
    running.kafka.isWell = true;
    let number = 0;
    let straight = 0;
    while (straight === 0) {
      for (let burst = 0; burst < 5; burst += 1) running.store(event('s0', String((number += 1))));
      running.kafka.drain(3, true);
      straight = running.kafka.waiting;
      running.kafka.acknowledge(1_000);
      await new Promise(setImmediate);
    }
    await running.settle();
    expect(running.kafka.log).toEqual(Array.from({ length: number + 1 }, (_, n) => `s0:${n}`));
    await running.spool.close();
  });
});
