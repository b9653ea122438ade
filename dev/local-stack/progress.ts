/** Takes one line for the user, without a line end. */
export type Log = (line: string) => void;

/** What a person waits for without a word before it looks like a hang. */
const QUIET_MS = 2_000;
const REPEAT_MS = 5_000;

/** Does `work`, and once it has taken over two seconds says so, then again every few seconds with the time so far. */
export async function withProgress<T>(log: Log, what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  let timer = setTimeout(function tell() {
    log(`${what} … ${seconds()} s`);
    timer = setTimeout(tell, REPEAT_MS);
  }, QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
