import { readFileSync } from 'node:fs';
import { sleep, systemClock } from '../infra/async/clock.js';

/** Share of the machine that other processes may use before figures are marked as untrustworthy. */
export const MAX_OTHERS_PERCENT = 15;

export type Ticks = { readonly busy: number; readonly all: number };

/** Time of all cores since the machine started, from the first line of /proc/stat: see proc(5). */
export function parseTicks(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, all: busy + idle + iowait };
}

/** Time of all cores until now. Linux only. */
export function machineTicks(): Ticks {
  return parseTicks(readFileSync('/proc/stat', 'utf8'));
}

/** Share of all cores in use since `before`, by any process, in percent. */
export function busyPercentSince(before: Ticks): number {
  const now = machineTicks();
  return ((now.busy - before.busy) / (now.all - before.all)) * 100;
}

/**
 * Share of all cores in use during the next second, in percent. Called while the bench is idle, it shows what other processes use, and
 * so how far the figures can be trusted.
 */
export async function busyPercent(): Promise<number> {
  const before = machineTicks();
  await sleep(systemClock, 1_000);
  return busyPercentSince(before);
}
