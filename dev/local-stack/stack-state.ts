import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackEndpoints } from './endpoints.js';
import { isAlive, startOf } from '../../infra/program/pid-lock.js';

/** Origin of the stack: given by settings, run by another launcher, or started by this one in Docker or as processes. */
export type StackMode = 'given' | 'attached' | 'docker' | 'native';

/** A stack as its live launcher announces it. */
export type RunningStack = { readonly pid: number; readonly mode: StackMode; readonly endpoints: StackEndpoints };

/** Ingress and processor as their live launcher announces them. */
export type RunningPrograms = {
  readonly pid: number;
  readonly ingressUrl: string;
  readonly processorUrl: string;
  /** Header that authenticates the sender. Absent where the ingress accepts anyone. */
  readonly auth?: { readonly header: string; readonly token: string };
  readonly endpoints: StackEndpoints;
};

/** Everything that runs in a `STACK_DIR`. The two parts may belong to two launchers. */
export type Running = { readonly stack?: RunningStack; readonly programs?: RunningPrograms };

type Part = keyof Running;
const FILES: Readonly<Record<Part, string>> = { stack: 'stack.json', programs: 'programs.json' };

/** Announces what this process runs in `dir`. Replaces an earlier announcement atomically. */
export function writeRunning<P extends Part>(
  dir: string,
  part: P,
  running: Omit<NonNullable<Running[P]>, 'pid'>,
): void {
  const file = join(dir, FILES[part]);
  const announced = { pid: process.pid, start: startOf(process.pid), ...running };
  // Readable by the user only: it may contain a token.
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(announced, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

/** Everything that live launchers have announced in `dir`. */
export function readRunning(dir: string): Running {
  const stack = read(dir, 'stack') as RunningStack | undefined;
  const programs = read(dir, 'programs') as RunningPrograms | undefined;
  return { ...(stack && { stack }), ...(programs && { programs }) };
}

/** Withdraws the announcement of this process. */
export function removeRunning(dir: string, part: Part): void {
  if (readRunning(dir)[part]?.pid === process.pid) rmSync(join(dir, FILES[part]), { force: true });
}

function read(dir: string, part: Part): unknown {
  try {
    const announced = JSON.parse(readFileSync(join(dir, FILES[part]), 'utf8')) as { pid: number; start: string };
    return isAlive(announced.pid, announced.start) ? announced : undefined;
  } catch {
    return undefined;
  }
}
