/** What readiness is decided from. */
export type ReadinessFacts = {
  /** Events go straight to Kafka now. */
  readonly isDirect: boolean;
  /** The spool accepts records now. */
  readonly canSpool: boolean;
  /** Kafka has been reached with these very settings: by this process, or by an earlier one on this spool. */
  readonly isVerified: boolean;
  /** Kafka or the registry refuse our settings (credentials, certificates, host name): waiting does not help. */
  readonly isMisconfigured: boolean;
  /** Time since the process started. */
  readonly uptimeMs: number;
  /** How long a process that was never healthy stays unready during an outage. */
  readonly readyTimeoutMs: number;
};

/**
 * Whether events can be stored durably, and may come here.
 *
 * The spool is for outages, not for starts: a new process with a wrong password or address must not pass the gate of a rolling
 * update while its spool hides the mistake. So a process that has never been healthy becomes ready on its spool alone only
 * - at once, when these settings have reached Kafka before: a restart during an outage must not refuse events;
 * - after `readyTimeoutMs` of an outage: by then, refusing everything would lose more than a wrong address can;
 * - never, while our settings are refused.
 */
export function isReady(facts: ReadinessFacts): boolean {
  if (facts.isDirect) return true;
  if (!facts.canSpool) return false;
  if (facts.isVerified) return true;
  return !facts.isMisconfigured && facts.uptimeMs >= facts.readyTimeoutMs;
}
