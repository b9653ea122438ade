import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerProcess } from '../../lab/broker-process.js';
import type { IngressUnderTest } from './ingress-under-test.js';
import { between, type Random } from '../../lab/random.js';

export type PhaseDeps = {
  readonly broker: BrokerProcess;
  readonly ingress: IngressUnderTest;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Number and duration of the faults. */
export type Schedule = {
  readonly brokerKills: number;
  readonly brokerHangs: number;
  readonly hangMs: number;
  readonly ingressKills: number;
};

/** A phase of the soak. `run` returns, for each fault, the time from its end until the spool was empty, in ms. */
export type Phase = {
  readonly name: string;
  /** Whether every request must be answered 2xx. */
  readonly answersAll: boolean;
  readonly run: (deps: PhaseDeps, schedule: Schedule) => Promise<readonly number[]>;
};

/** Time limit for the spool to fill during a fault. */
const MAX_FILL_MS = 15_000;
/** Time limit for the spool to drain, including the restart of a killed broker under load. */
const MAX_DRAIN_MS = 180_000;

export const PHASES: readonly Phase[] = [
  { name: 'A broker killed', answersAll: true, run: killBroker },
  { name: 'B broker hung', answersAll: true, run: hangBroker },
  { name: 'C ingress killed', answersAll: false, run: killIngress },
];

async function killBroker({ broker, ingress, random, log, signal }: PhaseDeps, { brokerKills }: Schedule) {
  const drains: number[] = [];
  for (let kill = 1; kill <= brokerKills; kill += 1) {
    await delay(between(random, 3_000, 6_000), undefined, { signal });
    broker.kill();
    await ingress.untilSpool('filled', MAX_FILL_MS);
    drains.push(await ingress.untilSpool('empty', MAX_DRAIN_MS));
    log(`A: broker killed (${kill} of ${brokerKills}), spool empty after ${seconds(drains.at(-1))}`);
  }
  return drains;
}

async function hangBroker({ broker, ingress, random, log, signal }: PhaseDeps, { brokerHangs, hangMs }: Schedule) {
  const drains: number[] = [];
  for (let hang = 1; hang <= brokerHangs; hang += 1) {
    await delay(between(random, 2_000, 4_000), undefined, { signal });
    broker.hang();
    await delay(between(random, hangMs, hangMs + 2_000), undefined, { signal });
    await ingress.untilSpool('filled', MAX_FILL_MS);
    broker.resume();
    drains.push(await ingress.untilSpool('empty', MAX_DRAIN_MS));
    log(`B: broker hung (${hang} of ${brokerHangs}), spool empty ${seconds(drains.at(-1))} after it continued`);
  }
  return drains;
}

/** Kills the ingress in six stretches, alternately with a healthy and an unavailable broker, which hangs or, once, is killed. */
async function killIngress({ broker, ingress, random, log, signal }: PhaseDeps, { ingressKills }: Schedule) {
  const stretch = Math.max(1, Math.floor(ingressKills / 6));
  for (let kill = 0; kill < ingressKills; kill += 1) {
    const isBrokerDown = Math.floor(kill / stretch) % 2 === 1;
    if (kill % stretch === 0) {
      broker.resume();
      if (isBrokerDown && Math.floor(kill / stretch) === 3) broker.kill();
      else if (isBrokerDown) broker.hang();
    }
    await delay(between(random, 300, 3_000), undefined, { signal });
    await ingress.kill();
    await ingress.start();
    log(`C: ingress killed (${kill + 1} of ${ingressKills})${isBrokerDown ? ' while the broker was unavailable' : ''}`);
  }
  broker.resume();
  return [await ingress.untilSpool('empty', MAX_DRAIN_MS)];
}

function seconds(ms = NaN): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
