import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerProcess } from '../../lab/broker-process.js';
import { injectFaults, type FaultCounts, type StartedFault } from '../faults-in-turn.js';
import { between, type Random } from '../../lab/random.js';
import type { ProcessorUnderTest } from '../processor-under-test.js';

export type FaultKind = 'processor killed' | 'processor paused' | 'broker killed' | 'processor joins or leaves';

/** Faults of a run. A pause continues while other faults start. */
export type Faults = FaultCounts<FaultKind> & { readonly pauseMs: number };

export type FaultDeps = {
  readonly broker: BrokerProcess;
  /** All processors that may run. Two of them run at first. */
  readonly processors: readonly ProcessorUnderTest[];
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Injects the faults in the seed's order. Resolves when all have ended. */
export async function runFaults(faults: Faults, deps: FaultDeps): Promise<void> {
  await injectFaults(faults, (kind) => start(kind, faults, deps), deps);
}

async function start(kind: FaultKind, faults: Faults, deps: FaultDeps): Promise<StartedFault> {
  const { random, broker, processors, signal } = deps;
  const running = processors.filter((processor) => processor.isRunning && !processor.isPaused);
  const one = running[Math.floor(random() * running.length)];
  switch (kind) {
    case 'processor killed':
      if (one === undefined) throw new Error('no processor is running');
      return { told: `${name(one)} killed`, over: killed(one, between(random, 0, 3_000), signal) };
    case 'processor paused':
      // At least one processor must keep running, to take over.
      if (one === undefined || running.length < 2) {
        return await start('processor joins or leaves', faults, deps).then(async (joined) => {
          const paused = await start(kind, faults, deps);
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
      if (one === undefined) throw new Error('no processor is running');
      return { told: `${name(one)} leaves`, over: one.stop() };
    }
    default:
      return kind satisfies never;
  }
}

async function killed(processor: ProcessorUnderTest, downMs: number, signal: AbortSignal): Promise<void> {
  await processor.kill();
  await delay(downMs, undefined, { signal });
  if (!processor.isRunning) processor.start();
}

async function paused(processor: ProcessorUnderTest, ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
  await processor.resume();
}

function name({ port }: ProcessorUnderTest): string {
  return `processor ${port}`;
}
