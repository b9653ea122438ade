import { Backoff } from '../../async/backoff.js';
import { sleep } from '../../async/clock.js';
import type { EventProducerOptions } from './event-producer-options.js';
import type { ProduceSession } from './produce-session.js';

/** Delay between two attempts. */
const BACKOFF = { initialMs: 50, maxMs: 2_000 };
/** After a session that has lasted for longer, the delays start over. */
const STABLE_MS = 10_000;

/** Looks for a session to replace one that cannot write to all partitions any more, while that one continues with the others. */
export class SessionRecovery {
  private readonly backoff = new Backoff(BACKOFF);
  private replacing: ProduceSession | undefined;
  private foundAt = -Infinity;

  /** @param isCurrent whether the session is still worth replacing. */
  constructor(
    private readonly options: Required<EventProducerOptions>,
    private readonly isCurrent: (session: ProduceSession) => boolean,
    private readonly onFound: (better: ProduceSession) => void,
  ) {}

  /** Starts to look for a session that can write to more partitions. Does nothing if that is in progress. */
  replace(session: ProduceSession): void {
    if (this.replacing === session) return;
    this.replacing = session;
    void this.search(session);
  }

  private async search(session: ProduceSession): Promise<void> {
    const { open, topic, connectTimeoutMs, clock } = this.options;
    if (clock.monotonic() - this.foundAt > STABLE_MS) this.backoff.reset();
    while (this.isCurrent(session)) {
      await sleep(clock, this.backoff.nextMs());
      if (!this.isCurrent(session)) break;
      const candidate = await open(topic, connectTimeoutMs).catch(() => undefined);
      if (candidate !== undefined && this.isCurrent(session) && isBetter(candidate, session)) {
        this.foundAt = clock.monotonic();
        this.onFound(candidate);
        break;
      }
      candidate?.close();
    }
    if (this.replacing === session) this.replacing = undefined;
  }
}

/** Whether a session can write to everything that another one can, and to more. */
function isBetter(candidate: ProduceSession, { failed }: ProduceSession): boolean {
  const losesNothing = [...candidate.failed.keys()].every((partition) => failed.has(partition));
  return losesNothing && candidate.failed.size < failed.size;
}
