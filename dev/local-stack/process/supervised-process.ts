import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Socket } from 'node:net';
import { sourceFile } from '../folders.js';

/** End of a process: its exit code, or the signal that ended it. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type SupervisedOptions = {
  /** Name in messages. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** stdout and stderr are appended to it. */
  readonly logFile: string;
  /** Time to end after SIGTERM before it is killed. */
  readonly graceMs: number;
};

/**
 * A child process that cannot outlive this one: `supervisor.sh` holds a pipe to this process and ends the child when the pipe
 * closes, whether by {@link stop}, by a crash or by SIGKILL. The child is the leader of its own session, so that Ctrl-C in the
 * terminal reaches this process only, which stops its children in order.
 */
export type SupervisedProcess = {
  readonly name: string;
  readonly logFile: string;
  /** Process id of the command itself. Rejects if the command could not be started. */
  readonly pid: Promise<number>;
  /** Settles when the process has ended and everything in its process group has been killed. */
  readonly exited: Promise<Exit>;
  /** Sends SIGTERM, and SIGKILL after the grace time. Idempotent. Resolves when the process has ended. */
  readonly stop: () => Promise<Exit>;
  /** Sends SIGKILL at once. */
  readonly kill: () => Promise<Exit>;
  /** Last lines that this run wrote to its log. */
  readonly lastLogLines: (count: number) => readonly string[];
};

/** A supervised process whose readiness can be awaited. */
export type ReadyProcess = SupervisedProcess & {
  /** @throws StackError with the end of its log when it ends, or the deadline passes, before it is ready. */
  readonly waitReady: (options?: {
    readonly deadlineMs?: number;
    readonly signal?: AbortSignal | undefined;
  }) => Promise<void>;
};

const CONTROL_SEQUENCES = /\x1b\[[0-9;?]*[A-Za-z]/g;
const MAX_LOG_BYTES = 20 * 1024 * 1024;

/** Starts a process under supervision and returns at once. */
export function supervise(options: SupervisedOptions): SupervisedProcess {
  const log = openLog(options.logFile);
  const tenths = String(Math.ceil(options.graceMs / 100));
  const child = spawn('sh', [sourceFile('process/supervisor.sh'), tenths, ...options.command], {
    detached: true,
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
  });
  closeSync(log.fd);
  const lifeline = child.stdio[3] as Socket;
  // The supervisor may end before this end of the pipe is closed.
  lifeline.on('error', () => undefined);

  const exited = new Promise<Exit>((settle) => {
    child.once('error', () => settle({ code: 127, signal: null }));
    child.once('exit', (code, signal) => {
      killGroup(child.pid);
      settle({ code, signal });
    });
  });
  const pid = new Promise<number>((settle, fail) => {
    lifeline.once('data', (line) => settle(Number(line.toString().trim())));
    void exited.then(() => fail(new Error(`${options.name} ended before its command started`)));
  });
  pid.catch(() => undefined);

  return {
    name: options.name,
    logFile: options.logFile,
    pid,
    exited,
    stop: () => {
      lifeline.destroy();
      return exited;
    },
    kill: () => {
      killGroup(child.pid);
      return exited;
    },
    lastLogLines: (count) => readLines(options.logFile, log.start).slice(-count),
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the group is empty already.
  }
}

function openLog(file: string): { fd: number; start: number } {
  mkdirSync(dirname(file), { recursive: true });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  const fd = openSync(file, 'a');
  return { fd, start: fstatSync(fd).size };
}

function readLines(file: string, start: number): string[] {
  const fd = openSync(file, 'r');
  try {
    const end = fstatSync(fd).size;
    const bytes = Buffer.alloc(Math.min(16_384, Math.max(0, end - start)));
    readSync(fd, bytes, 0, bytes.length, end - bytes.length);
    return bytes
      .toString()
      .replace(CONTROL_SEQUENCES, '')
      .split('\n')
      .filter((line) => line.trim() !== '');
  } finally {
    closeSync(fd);
  }
}
