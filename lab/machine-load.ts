import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Share of the machine in others' use from which on figures are marked. */
export const MUCH_PERCENT = 15;

export type Ticks = { readonly busy: number; readonly all: number };

/** Time of all processors since the start of the machine, from the first line of /proc/stat: see proc(5). */
export function parseTicks(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, all: busy + idle + iowait };
}

/** Where the count of the machine's processors stands now. Linux only. */
export function machineTicks(): Ticks {
  return parseTicks(readFileSync('/proc/stat', 'utf8'));
}

/** Share of the machine's processors that has been in use since `before`, by whomever, in percent. */
export function busyPercentSince(before: Ticks): number {
  const now = machineTicks();
  return ((now.busy - before.busy) / (now.all - before.all)) * 100;
}

/**
 * The same over a second from now on. Asked while a bench does nothing, it tells what others do at that time, and so how far its figures
 * can be trusted.
 */
export async function busyPercent(): Promise<number> {
  const before = machineTicks();
  await delay(1_000);
  return busyPercentSince(before);
}
