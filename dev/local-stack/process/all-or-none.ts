/**
 * Runs all works at once. The first failure aborts the others.
 * @throws the first failure, once all have settled.
 */
export async function allOrNone<T>(
  works: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal?: AbortSignal,
): Promise<T[]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const started = works.map(async (work) => {
    try {
      return await work(either);
    } catch (error) {
      // Only the first call sets the reason.
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(started);
  if (failed.signal.aborted) throw either.reason;
  return Promise.all(started);
}
