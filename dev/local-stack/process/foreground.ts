import { StackError } from '../stack-error.js';
import { parentOf } from '../../../infra/program/pid-lock.js';
import type { Log } from '../progress.js';

/** Progress goes to stderr: stdout is for what another program may read. */
export const logToStderr: Log = (line) => void process.stderr.write(`${line}\n`);

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** For a command that ends by itself: aborted by Ctrl-C, SIGTERM or SIGHUP, so that it ends early and in order. */
export function stopOnSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of STOP_SIGNALS) process.on(signal, () => stopping.abort(new Error('stopped by the user')));
  return stopping.signal;
}

/** Prints why such a command failed: what its user did or can mend as one line, anything else with its stack. */
export function tellFailure(error: unknown, stopping: AbortSignal): void {
  const isKnown = stopping.aborted || error instanceof StackError;
  logToStderr(`error: ${isKnown ? (error as Error).message : String((error as Error).stack ?? error)}`);
}

/** Something that runs until it is stopped. */
export type Foreground = { readonly stop: () => Promise<void>; readonly kill: () => Promise<void> };

/** npm passes on the Ctrl-C that the terminal sends us as well: signals so close together are one. */
const SAME_SIGNAL_MS = 700;

/**
 * Runs `start` and what it returns until Ctrl-C (or SIGTERM, SIGHUP, or the end of the npm that started us), then stops
 * it and ends the process with exit code 0. A second Ctrl-C kills at once. A {@link StackError} is printed as its message
 * alone and ends the process with 1.
 */
export async function runInForeground(start: (stopping: AbortSignal) => Promise<Foreground>): Promise<void> {
  const stopping = new AbortController();
  let running: Foreground | undefined;
  let stopped: Promise<void> | undefined;
  let firstSignalAt = 0;

  const stop = () => {
    if (stopping.signal.aborted) {
      if (performance.now() - firstSignalAt < SAME_SIGNAL_MS) return;
      // While still starting there is nothing to call; with us gone, the supervisors end what was started.
      if (running === undefined) process.exit();
      void running.kill();
      return;
    }
    firstSignalAt = performance.now();
    logToStderr('stopping … (Ctrl-C again to kill)');
    stopping.abort(new Error('stopped by the user'));
    stopped = running?.stop();
  };
  // A terminal or a reader that is gone must not keep us from stopping in order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const watch = watchNpm(stop);

  try {
    running = await start(stopping.signal);
    // The signal may have come while the last step of the start was under way.
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
 * Stops when the npm in front of us is gone: npm passes on a signal to the shell between us at best, and `kill -9` of it
 * reaches nobody. Seen by the process ids of our parent, and of its parent where there is a /proc to ask. The timer also
 * keeps this process alive where nothing else does, beside services that others run.
 */
function watchNpm(stop: () => void): NodeJS.Timeout {
  const byNpm = process.env.npm_lifecycle_event !== undefined;
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  return setInterval(() => {
    if (byNpm && (process.ppid !== parent || parentOf(parent) !== grandparent)) stop();
  }, 250);
}
