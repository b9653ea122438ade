/**
 * Waits for work, but not longer than `timeoutMs`. The work itself goes on: the caller decides what to do about it.
 *
 * @throws Error `gave up <what> after … ms` when the time is over; else whatever the work throws.
 */
export async function within<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up ${what} after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
