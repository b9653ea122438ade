import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/<pid>/stat. */
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * User and system time that a process has used, in ms, including threads that have exited. Its resolution is a clock tick of 10 ms, which is
 * enough for seconds of load; for short or idle times see {@link runTimeMs}. Linux only.
 */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may contain spaces, so fields are counted from the state, which follows it. See proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000;
}

/**
 * Time that the threads of a process have run, in ms, from the scheduler's count in nanoseconds. Use it for an idle process: that one runs
 * for a fraction of a tick at a time, and a tick is charged to whatever runs when it ends, so {@link cpuMs} would be wrong by a multiple.
 * Threads that have exited are not counted: measure over a time in which none does. Linux only.
 */
export function runTimeMs(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) nanoseconds += threadRunTime(pid, thread);
  return nanoseconds / 1e6;
}

function threadRunTime(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    // The thread has exited since the folder was read.
    return 0;
  }
}

/** A process and its running descendants, such as the workers of an ingress. Linux only. */
export function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/** {@link cpuMs} of a process and its descendants. */
export function treeCpuMs(pid: number): number {
  return processTree(pid).reduce((sum, each) => sum + cpuMs(each), 0);
}

/** Sum of {@link peakMemoryMiB} of a process and its descendants; memory that they share counts for each. */
export function treePeakMemoryMiB(pid: number): number {
  return processTree(pid).reduce((sum, each) => sum + peakMemoryMiB(each), 0);
}

/** Peak resident memory of a process, in MiB. */
export function peakMemoryMiB(pid: number): number {
  return statusMiB(pid, 'VmHWM');
}

/** Resident memory of a process now, in MiB. */
export function residentMemoryMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS');
}

function statusMiB(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) / 1024;
}
