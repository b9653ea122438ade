import { setTimeout as delay } from 'node:timers/promises';
import { StackError } from '../stack-error.js';
import type { ReadyProcess, SupervisedProcess } from '../process/supervised-process.js';

/** Asks a service once whether it is ready. Must settle by itself within a few seconds; a rejection counts as no. */
export type Probe = () => Promise<boolean>;

const ASK_EVERY_MS = 100;
/** How long a probe waits for one answer. */
export const PROBE_TIMEOUT_MS = 3_000;

/**
 * Asks until the service says that it is ready.
 * @throws StackError when `deadlineMs` is over, and the signal's reason when it is aborted.
 */
export async function untilReady(name: string, probe: Probe, deadlineMs: number, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await probe().catch(() => false))) {
    signal?.throwIfAborted();
    if (performance.now() > end)
      throw new StackError(`${name} was not ready within ${Math.round(deadlineMs / 1000)} s`);
    await delay(ASK_EVERY_MS, undefined, { signal });
  }
}

/**
 * Lets a process of ours be waited for: as {@link untilReady}, but its end while it starts is an error at once, and the
 * error shows the end of its log.
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
