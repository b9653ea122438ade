import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerProcess } from '../../lab/broker-process.js';
import type { IngressUnderTest } from './ingress-under-test.js';
import { between, type Random } from '../../lab/random.js';

export type PhaseContext = {
  readonly broker: BrokerProcess;
  readonly ingress: IngressUnderTest;
  readonly random: Random;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** How often, and how long, the faults come. */
export type Schedule = {
  readonly brokerKills: number;
  readonly brokerHangs: number;
  readonly hangMs: number;
  readonly ingressKills: number;
};

/** A phase of the soak. It resolves, once the spool is empty again, to how long each time that took, in ms from the end of the fault. */
export type Phase = {
  readonly name: string;
  /** Nothing but 2xx may be answered. */
  readonly answersAll: boolean;
  readonly run: (context: PhaseContext, schedule: Schedule) => Promise<readonly number[]>;
};

const FILLED_WITHIN_MS = 15_000;
/** A broker that was killed takes its time to start, and the load goes on. */
const EMPTY_WITHIN_MS = 180_000;

export const PHASES: readonly Phase[] = [
  { name: 'A broker killed', answersAll: true, run: killBroker },
  { name: 'B broker hung', answersAll: true, run: hangBroker },
  { name: 'C ingress killed', answersAll: false, run: killIngress },
];

async function killBroker({ broker, ingress, random, log, signal }: PhaseContext, { brokerKills }: Schedule) {
  const drains: number[] = [];
  for (let kill = 1; kill <= brokerKills; kill += 1) {
    await delay(between(random, 3_000, 6_000), undefined, { signal });
    broker.kill();
    await ingress.untilSpool('filled', FILLED_WITHIN_MS);
    drains.push(await ingress.untilSpool('empty', EMPTY_WITHIN_MS));
    log(`A: broker killed ${kill} of ${brokerKills}, spool empty ${seconds(drains.at(-1))} later`);
  }
  return drains;
}

async function hangBroker({ broker, ingress, random, log, signal }: PhaseContext, { brokerHangs, hangMs }: Schedule) {
  const drains: number[] = [];
  for (let hang = 1; hang <= brokerHangs; hang += 1) {
    await delay(between(random, 2_000, 4_000), undefined, { signal });
    broker.hang();
    await delay(between(random, hangMs, hangMs + 2_000), undefined, { signal });
    await ingress.untilSpool('filled', FILLED_WITHIN_MS);
    broker.resume();
    drains.push(await ingress.untilSpool('empty', EMPTY_WITHIN_MS));
    log(`B: broker hung ${hang} of ${brokerHangs}, spool empty ${seconds(drains.at(-1))} after it went on`);
  }
  return drains;
}

/** A sixth of the kills without a fault of the broker, a sixth while it is away, and so on; it hangs, and once it is killed. */
async function killIngress({ broker, ingress, random, log, signal }: PhaseContext, { ingressKills }: Schedule) {
  const stretch = Math.max(1, Math.floor(ingressKills / 6));
  for (let kill = 0; kill < ingressKills; kill += 1) {
    const isAway = Math.floor(kill / stretch) % 2 === 1;
    if (kill % stretch === 0) {
      broker.resume();
      if (isAway && Math.floor(kill / stretch) === 3) broker.kill();
      else if (isAway) broker.hang();
    }
    await delay(between(random, 300, 3_000), undefined, { signal });
    await ingress.kill();
    await ingress.start();
    log(`C: ingress killed ${kill + 1} of ${ingressKills}${isAway ? ', the broker away' : ''}`);
  }
  broker.resume();
  return [await ingress.untilSpool('empty', EMPTY_WITHIN_MS)];
}

function seconds(ms = NaN): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
