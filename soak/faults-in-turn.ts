import { setTimeout as delay } from 'node:timers/promises';
import { between, shuffled, type Random } from '../lab/random.js';

/** Number of faults of each kind, and the time between the starts of two faults. */
export type FaultCounts<Kind extends string> = {
  readonly counts: Readonly<Record<Kind, number>>;
  readonly gapMs: { readonly from: number; readonly to: number };
};

/** A fault that has started. */
export type StartedFault = {
  /** Description for the log. */
  readonly told: string;
  /** Resolves when the fault has ended. */
  readonly over: Promise<void>;
};

/** Starts the faults in the seed's order, possibly before earlier ones have ended. Resolves when all have ended. */
export async function injectFaults<Kind extends string>(
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
  const inProgress = new Set<Promise<void>>();
  for (const [index, kind] of order.entries()) {
    await delay(between(random, gapMs.from, gapMs.to), undefined, { signal });
    const { told, over } = await start(kind);
    log(`${index + 1} of ${order.length}: ${told}`);
    const settled = over.finally(() => inProgress.delete(settled));
    inProgress.add(settled);
    settled.catch(() => undefined);
  }
  await Promise.all(inProgress);
}
