import { Backoff, type BackoffOptions } from '../../../infra/async/backoff.js';
import { sleep, systemClock } from '../../../infra/async/clock.js';
import type { Log } from '../progress.js';
import type { ReadyProcess } from './supervised-process.js';

/** A process that is restarted when it fails. */
export type KeptProcess = {
  /** Process id of the current run. */
  readonly pid: () => Promise<number>;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
};

/** Delay before a restart. */
const RESTART_BACKOFF: BackoffOptions = { initialMs: 250, maxMs: 15_000 };
/** A process that has run this long counts as healthy: its next failure starts the backoff over. */
const HEALTHY_AFTER_MS = 30_000;

/**
 * Restarts the process after a delay each time it fails or is killed, and logs each failure and recovery. A process that ends
 * with exit code 0 was asked to end and is not restarted.
 * @param first a process that has been ready once. A failure before that has a cause that a restart does not remove.
 */
export function keepRunning(
  first: ReadyProcess,
  start: () => ReadyProcess | Promise<ReadyProcess>,
  log: Log,
): KeptProcess {
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  let current = first;

  const watch = async () => {
    let since = performance.now();
    const backoff = new Backoff(RESTART_BACKOFF);
    for (;;) {
      const { name, logFile, exited } = current;
      const exit = await exited;
      if (isStopping()) return;
      if (exit.code === 0) {
        log(`${name} ended by itself (exit code 0) and is not restarted`);
        return;
      }
      log(`${name} died (${exit.signal ?? `exit code ${exit.code ?? '?'}`}), restarting it; its log: ${logFile}`);
      if (performance.now() - since > HEALTHY_AFTER_MS) backoff.reset();
      await sleep(systemClock, backoff.nextMs(), stopping.signal);
      if (isStopping()) return;
      since = performance.now();
      try {
        current = await start();
      } catch (error) {
        log(`${name} could not be restarted: ${(error as Error).message}`);
        return;
      }
      current.waitReady({ signal: stopping.signal }).then(
        () => log(`${name} is ready again`),
        () => undefined,
      );
    }
  };
  const watching = watch();
  const end = async (how: 'stop' | 'kill') => {
    stopping.abort();
    await current[how]();
    // A restart may have been in progress: its process must end too.
    await watching;
    await current[how]();
  };
  return { pid: () => current.pid, stop: () => end('stop'), kill: () => end('kill') };
}
