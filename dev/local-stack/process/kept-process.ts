import type { Log } from '../progress.js';
import type { ReadyProcess } from './supervised-process.js';

/** A process that is started again when it fails. */
export type KeptProcess = {
  /** The process id of the present run. */
  readonly pid: () => Promise<number>;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
};

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** A process that has run this long is well: the next failure is a first one again. */
const WELL_AFTER_MS = 30_000;

/**
 * Each time the process fails or is killed, starts it again after a pause that doubles up to 15 s. One line tells of
 * each. A process that ends with exit code 0 was asked to, and stays away.
 * @param first has been ready once: what fails before that fails for a reason that another start does not cure.
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
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const { name, logFile, exited } = current;
      const exit = await exited;
      if (isStopping()) return;
      if (exit.code === 0) {
        log(`${name} ended by itself (exit code 0) and is not started again`);
        return;
      }
      log(`${name} died (${exit.signal ?? `exit code ${exit.code ?? '?'}`}), starting it again; its log: ${logFile}`);
      if (performance.now() - since > WELL_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      await pause(pauseMs, stopping.signal);
      if (isStopping()) return;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      since = performance.now();
      try {
        current = await start();
      } catch (error) {
        log(`${name} could not be started again: ${(error as Error).message}`);
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
    // A start may have been under way; what it brought must end too.
    await watching;
    await current[how]();
  };
  return { pid: () => current.pid, stop: () => end('stop'), kill: () => end('kill') };
}

/** Waits, but not beyond an abort. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      settle();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
