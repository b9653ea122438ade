/** How long a recording waits in the spool before it is rescued; the smaller of the two applies. */
const RESCUE_AFTER_MS = 30_000;
const RESCUE_AFTER_SHARE = 0.25;
/** How long a rescue may take to upload its files once the object store answers again; the smaller of the two applies. */
const RESCUE_UPLOAD_MS = 60_000;
const RESCUE_UPLOAD_SHARE = 0.25;

/** How long (ms) a recording's announcement must be in the spool before it is rescued: Kafka is down, not just slow. */
export function rescueAfterMs(linkLifetimeMs: number): number {
  return Math.min(RESCUE_AFTER_MS, linkLifetimeMs * RESCUE_AFTER_SHARE);
}

/** How long (ms) to wait for a rescue's upload after the object store has answered for the first time. */
export function rescueUploadMs(linkLifetimeMs: number): number {
  return Math.min(RESCUE_UPLOAD_MS, linkLifetimeMs * RESCUE_UPLOAD_SHARE);
}

/**
 * Whether an announcement was on its way to Kafka for so long that its recording may have been rescued. Half of the rescue's own delay
 * is enough, because the clocks of ingress and broker may differ.
 *
 * @param receivedAt when the ingress received it, @param appendedAt when it reached Kafka (both in ms since the epoch).
 */
export function mayBeRescued(receivedAt: number, appendedAt: number, linkLifetimeMs: number): boolean {
  return appendedAt - receivedAt >= rescueAfterMs(linkLifetimeMs) / 2;
}
