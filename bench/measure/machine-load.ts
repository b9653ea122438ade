import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

type Ticks = { readonly busy: number; readonly all: number };

/** Time of all processors since the start of the machine, from the first line of /proc/stat: see proc(5). */
export function parseTicks(stat: string): Ticks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, all: busy + idle + iowait };
}

/**
 * Share of the machine's processors that is in use, in percent, over a second. Asked while a bench does nothing, it tells what others
 * do at that time, and so how far its figures can be trusted.
 */
export async function busyPercent(): Promise<number> {
  const before = parseTicks(readFileSync('/proc/stat', 'utf8'));
  await delay(1_000);
  const after = parseTicks(readFileSync('/proc/stat', 'utf8'));
  return ((after.busy - before.busy) / (after.all - before.all)) * 100;
}
