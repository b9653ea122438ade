/** Receives one line for the user, without a line end. */
export type Log = (line: string) => void;

/** A longer wait without a word would look like a hang. */
const QUIET_MS = 2_000;
const REPEAT_MS = 5_000;

/** Does `work`. Once it has taken two seconds, logs the elapsed time, and again every five seconds. */
export async function withProgress<T>(log: Log, what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  let timer = setTimeout(function report() {
    log(`${what} … ${seconds()} s`);
    timer = setTimeout(report, REPEAT_MS);
  }, QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
