import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackEndpoints } from './endpoints.js';
import { isAlive, startOf } from '../../infra/program/pid-lock.js';

/** How the stack came: given by settings, another launcher's, or this launcher's own in Docker or as processes. */
export type StackMode = 'given' | 'attached' | 'docker' | 'native';

/** What the live launcher of a stack says of it. */
export type RunningStack = { readonly pid: number; readonly mode: StackMode; readonly endpoints: StackEndpoints };

/** What a live `npm start` says of ingress and processor. */
export type RunningPrograms = {
  readonly pid: number;
  readonly ingressUrl: string;
  readonly processorUrl: string;
  /** The header that proves the sender, or absent where the ingress takes anyone. */
  readonly auth?: { readonly header: string; readonly token: string };
  readonly endpoints: StackEndpoints;
};

/** What runs in a `STACK_DIR`; the two may belong to two launchers. */
export type Running = { readonly stack?: RunningStack; readonly programs?: RunningPrograms };

type Part = keyof Running;
const FILES: Readonly<Record<Part, string>> = { stack: 'stack.json', programs: 'programs.json' };

/** Says what runs in `dir`, in the name of this process. Replaces what was said before, all at once. */
export function writeRunning<P extends Part>(
  dir: string,
  part: P,
  running: Omit<NonNullable<Running[P]>, 'pid'>,
): void {
  const file = join(dir, FILES[part]);
  const said = { pid: process.pid, start: startOf(process.pid), ...running };
  // For the user's eyes alone: a token may be in it.
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(said, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

/** What runs in `dir`: what a launcher left that is gone does not count. */
export function readRunning(dir: string): Running {
  const stack = read(dir, 'stack') as RunningStack | undefined;
  const programs = read(dir, 'programs') as RunningPrograms | undefined;
  return { ...(stack && { stack }), ...(programs && { programs }) };
}

/** Takes back what this process has said. */
export function removeRunning(dir: string, part: Part): void {
  if (readRunning(dir)[part]?.pid === process.pid) rmSync(join(dir, FILES[part]), { force: true });
}

function read(dir: string, part: Part): unknown {
  try {
    const said = JSON.parse(readFileSync(join(dir, FILES[part]), 'utf8')) as { pid: number; start: string };
    return isAlive(said.pid, said.start) ? said : undefined;
  } catch {
    return undefined;
  }
}
