import { StackError } from '../stack-error.js';
import { parentOf } from '../../../infra/program/pid-lock.js';
import type { Log } from '../progress.js';

/** Progress goes to stderr. stdout is reserved for output that other programs may read. */
export const logToStderr: Log = (line) => void process.stderr.write(`${line}\n`);

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborted by Ctrl-C, SIGTERM or SIGHUP, so that a command that would end by itself ends early and in order. */
export function stopOnSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of STOP_SIGNALS) process.on(signal, () => stopping.abort(new Error('stopped by the user')));
  return stopping.signal;
}

/** Prints why such a command failed: as one line if the user caused it or can fix it, otherwise with its stack. */
export function tellFailure(error: unknown, stopping: AbortSignal): void {
  const isKnown = stopping.aborted || error instanceof StackError;
  logToStderr(`error: ${isKnown ? (error as Error).message : String((error as Error).stack ?? error)}`);
}

/** Something that runs until it is stopped. */
export type Foreground = { readonly stop: () => Promise<void>; readonly kill: () => Promise<void> };

/** The terminal sends Ctrl-C to this process and to npm, which forwards it. Signals within this time count as one. */
const SAME_SIGNAL_MS = 700;

/**
 * Runs what `start` returns until Ctrl-C (or SIGTERM, SIGHUP, or the end of the npm that started this process), then stops it
 * and exits with 0. A second Ctrl-C kills at once. For a {@link StackError}, prints its message only and exits with 1.
 */
export async function runInForeground(start: (stopping: AbortSignal) => Promise<Foreground>): Promise<void> {
  const stopping = new AbortController();
  let running: Foreground | undefined;
  let stopped: Promise<void> | undefined;
  let firstSignalAt = 0;

  const stop = () => {
    if (stopping.signal.aborted) {
      if (performance.now() - firstSignalAt < SAME_SIGNAL_MS) return;
      // There is nothing to kill before the start has finished. Once this process ends, the supervisors end what was started.
      if (running === undefined) process.exit();
      void running.kill();
      return;
    }
    firstSignalAt = performance.now();
    logToStderr('stopping … (Ctrl-C again to kill)');
    stopping.abort(new Error('stopped by the user'));
    stopped = running?.stop();
  };
  // A closed terminal or pipe must not prevent an orderly stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const watch = watchNpm(stop);

  try {
    running = await start(stopping.signal);
    // The signal may have arrived during the last step of the start.
    if (stopping.signal.aborted) stopped = running.stop();
    else await new Promise((settle) => stopping.signal.addEventListener('abort', settle));
    await stopped;
  } catch (error) {
    if (!stopping.signal.aborted) {
      logToStderr(error instanceof StackError ? `error: ${error.message}` : String((error as Error).stack ?? error));
      process.exitCode = 1;
    }
  } finally {
    clearInterval(watch);
  }
  process.exit();
}

/**
 * Stops when the npm that started this process has ended: npm forwards signals to its shell at best, and SIGKILL of npm
 * reaches nobody else. Watches the process ids of the parent and, where /proc exists, of the parent's parent. The timer also
 * keeps this process alive when it only uses services that others run.
 */
function watchNpm(stop: () => void): NodeJS.Timeout {
  const byNpm = process.env.npm_lifecycle_event !== undefined;
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  return setInterval(() => {
    if (byNpm && (process.ppid !== parent || parentOf(parent) !== grandparent)) stop();
  }, 250);
}
