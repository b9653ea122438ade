import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerProcess } from '../../lab/broker-process.js';
import { letFaultsCome, type FaultCounts, type StartedFault } from '../faults-in-turn.js';
import { between, type Random } from '../../lab/random.js';
import type { ProcessorUnderTest } from '../processor-under-test.js';

export type FaultKind = 'processor killed' | 'processor paused' | 'broker killed' | 'processor joins or leaves';

/** A pause goes on while other faults come. */
export type Faults = FaultCounts<FaultKind> & { readonly pauseMs: number };

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
  await letFaultsCome(faults, (kind) => start(kind, faults, context), context);
}

async function start(kind: FaultKind, faults: Faults, context: FaultContext): Promise<StartedFault> {
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
