import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerProcess } from '../../measure/broker-process.js';
import { between, type Random } from '../ingress/random.js';
import type { ProcessorUnderTest } from './processor-under-test.js';

export type FaultKind = 'processor killed' | 'processor paused' | 'broker killed' | 'processor joins or leaves';

/** How often each fault comes, and how far apart they begin. A pause goes on while others come. */
export type Faults = {
  readonly counts: Readonly<Record<FaultKind, number>>;
  readonly pauseMs: number;
  readonly gapMs: { readonly from: number; readonly to: number };
};

export type FaultContext = {
  readonly broker: BrokerProcess;
  /** All that may run; at first two of them do. */
  readonly processors: readonly ProcessorUnderTest[];
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Lets the faults come in the order of the seed; resolves when the last is over. */
export async function runFaults(faults: Faults, context: FaultContext): Promise<void> {
  const { random, signal, log } = context;
  const order = shuffled(
    random,
    Object.entries(faults.counts).flatMap(([kind, count]) => Array.from({ length: count }, () => kind as FaultKind)),
  );
  const underWay = new Set<Promise<void>>();
  for (const [index, kind] of order.entries()) {
    await delay(between(random, faults.gapMs.from, faults.gapMs.to), undefined, { signal });
    const { told, over } = await start(kind, faults, context);
    log(`${index + 1} of ${order.length}: ${told}`);
    const settled = over.finally(() => underWay.delete(settled));
    underWay.add(settled);
    settled.catch(() => undefined);
  }
  await Promise.all(underWay);
}

type Started = { readonly told: string; readonly over: Promise<void> };

async function start(kind: FaultKind, faults: Faults, context: FaultContext): Promise<Started> {
  const { random, broker, processors, signal } = context;
  const running = processors.filter((processor) => processor.isRunning && !processor.isPaused);
  const one = running[Math.floor(random() * running.length)];
  switch (kind) {
    case 'processor killed':
      if (one === undefined) throw new Error('no processor runs');
      return { told: `${name(one)} killed`, over: killed(one, between(random, 0, 3_000), signal) };
    case 'processor paused':
      // One at least goes on, to take over.
      if (one === undefined || running.length < 2) {
        return await start('processor joins or leaves', faults, context).then(async (joined) => {
          const paused = await start(kind, faults, context);
          return { told: `${joined.told}, ${paused.told}`, over: paused.over };
        });
      }
      await one.pause();
      return { told: `${name(one)} paused`, over: paused(one, faults.pauseMs, signal) };
    case 'broker killed':
      broker.kill();
      return { told: 'broker killed', over: Promise.resolve() };
    case 'processor joins or leaves': {
      const idle = processors.find(({ isRunning }) => !isRunning);
      if (idle !== undefined && (running.length < 3 || random() < 0.5)) {
        idle.start();
        return { told: `${name(idle)} joins`, over: Promise.resolve() };
      }
      if (one === undefined) throw new Error('no processor runs');
      return { told: `${name(one)} leaves`, over: one.stop() };
    }
    default:
      return kind satisfies never;
  }
}

async function killed(processor: ProcessorUnderTest, awayMs: number, signal: AbortSignal): Promise<void> {
  await processor.kill();
  await delay(awayMs, undefined, { signal });
  if (!processor.isRunning) processor.start();
}

async function paused(processor: ProcessorUnderTest, ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
  await processor.resume();
}

function name({ port }: ProcessorUnderTest): string {
  return `processor ${port}`;
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
