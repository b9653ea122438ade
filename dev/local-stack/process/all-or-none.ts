/**
 * Does all at once; the first that fails aborts the others.
 * @throws the first failure, once all have come to an end.
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
      // Of several calls the first sets the reason.
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(started);
  if (failed.signal.aborted) throw either.reason;
  return Promise.all(started);
}
