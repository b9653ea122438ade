import { sleep, systemClock } from '../../../infra/async/clock.js';
import { StackError } from '../stack-error.js';
import type { ReadyProcess, SupervisedProcess } from '../process/supervised-process.js';

/** Asks a service once whether it is ready. Must settle by itself within a few seconds. A rejection counts as no. */
export type Probe = () => Promise<boolean>;

const POLL_MS = 100;
/** Time that a probe allows for one answer. */
export const PROBE_TIMEOUT_MS = 3_000;

/**
 * Polls a service until it is ready.
 * @throws StackError when it is not ready within `deadlineMs`; the signal's reason when that is aborted.
 */
export async function untilReady(name: string, probe: Probe, deadlineMs: number, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await probe().catch(() => false))) {
    signal?.throwIfAborted();
    if (performance.now() > end)
      throw new StackError(`${name} was not ready within ${Math.round(deadlineMs / 1000)} s`);
    await sleep(systemClock, POLL_MS, signal);
    signal?.throwIfAborted();
  }
}

/**
 * Adds {@link untilReady} to a process that this process started. If it ends while it starts, that is an error at once, which
 * shows the end of its log.
 */
export function withReadiness(started: SupervisedProcess, probe: Probe, deadlineMs: number): ReadyProcess {
  return {
    ...started,
    waitReady: async (options = {}) => {
      const { signal } = options;
      const gone = new AbortController();
      void started.exited.then(({ code, signal: by }) =>
        gone.abort(new StackError(`${started.name} ended while it was starting (${by ?? `exit code ${code ?? '?'}`})`)),
      );
      const either = signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal]);
      try {
        await untilReady(started.name, probe, options.deadlineMs ?? deadlineMs, either);
        gone.signal.throwIfAborted();
      } catch (error) {
        signal?.throwIfAborted();
        const cause = (gone.signal.aborted ? gone.signal.reason : error) as Error;
        const tail = started.lastLogLines(15).map((line) => `\n  | ${line}`);
        throw new StackError(`${cause.message}; its log: ${started.logFile}${tail.join('')}`, { cause });
      }
    },
  };
}

/** Ready when a GET answers with one of `statuses` (default: 200). */
export function httpProbe(
  url: string,
  options: { statuses?: readonly number[]; headers?: Record<string, string> } = {},
): Probe {
  return async () => {
    const response = await fetch(url, {
      headers: options.headers ?? {},
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return (options.statuses ?? [200]).includes(response.status);
  };
}
