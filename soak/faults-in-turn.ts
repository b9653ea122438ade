import { setTimeout as delay } from 'node:timers/promises';
import { between, shuffled, type Random } from '../lab/random.js';

/** How often each fault comes, and how far apart they begin. */
export type FaultCounts<Kind extends string> = {
  readonly counts: Readonly<Record<Kind, number>>;
  readonly gapMs: { readonly from: number; readonly to: number };
};

/** A fault that has begun: what to tell of it, and when it is over. */
export type StartedFault = { readonly told: string; readonly over: Promise<void> };

/** Lets the faults come in the order of the seed, each while earlier ones may still go on; resolves when the last is over. */
export async function letFaultsCome<Kind extends string>(
  { counts, gapMs }: FaultCounts<Kind>,
  start: (kind: Kind) => Promise<StartedFault>,
  {
    random,
    signal,
    log,
  }: { readonly random: Random; readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  const order = shuffled(
    random,
    Object.entries<number>(counts).flatMap(([kind, count]) => Array.from({ length: count }, () => kind as Kind)),
  );
  const underWay = new Set<Promise<void>>();
  for (const [index, kind] of order.entries()) {
    await delay(between(random, gapMs.from, gapMs.to), undefined, { signal });
    const { told, over } = await start(kind);
    log(`${index + 1} of ${order.length}: ${told}`);
    const settled = over.finally(() => underWay.delete(settled));
    underWay.add(settled);
    settled.catch(() => undefined);
  }
  await Promise.all(underWay);
}
