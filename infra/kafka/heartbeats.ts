const INTERVAL_MS = 1_000;

/**
 * Keeps the group membership alive while work goes on that must not be cut short.
 * @throws what `work` threw; else the first error of a heartbeat (the group is rebalancing), once the work is done.
 */
export async function withHeartbeats(heartbeat: () => Promise<void>, work: Promise<void>): Promise<void> {
  let failure: unknown;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => (failure ??= error));
  }, INTERVAL_MS);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- kafkajs must get its own error back to start a rebalance.
  if (failure !== undefined) throw failure;
  await heartbeat();
}
