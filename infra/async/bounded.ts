/**
 * Does work that ends with its signal: when `stop` is aborted, or after `ms`.
 * AbortSignal.any would do the same, but keeps a trace of each call in a signal that lives as long as `stop`.
 */
export async function bounded<T>(ms: number, stop: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, ms);
  stop.addEventListener('abort', abort, { once: true });
  if (stop.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', abort);
  }
}
