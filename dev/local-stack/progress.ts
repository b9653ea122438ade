/** Receives one line for the user, without a line end. */
export type Log = (line: string) => void;

/** A longer wait without a word would look like a hang. */
const QUIET_MS = 2_000;
const MIN_REPEAT_MS = 5_000;
const MAX_REPEAT_MS = 30_000;

/** Does `work`. Once it has taken two seconds, logs the elapsed time, and again every 5 s; less often the longer it takes. */
export async function withProgress<T>(log: Log, what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  let timer = setTimeout(function report() {
    const elapsedMs = performance.now() - start;
    log(`${what} … ${Math.round(elapsedMs / 1_000)} s`);
    timer = setTimeout(report, Math.min(MAX_REPEAT_MS, Math.max(MIN_REPEAT_MS, elapsedMs / 4)));
  }, QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
