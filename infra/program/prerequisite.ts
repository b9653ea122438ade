import { Backoff, type BackoffOptions } from '../async/backoff.js';
import { backgroundClock, sleep, type Clock } from '../async/clock.js';
import type { Logger } from '../observability/logger.js';

const BACKOFF: BackoffOptions = { initialMs: 500, maxMs: 15_000 };
/** The same fault is logged again after this long, so that it stays visible in a log that is read from its end. */
const REPEAT_AFTER_MS = 60_000;

export type PrerequisiteDeps<T> = {
  /** For logs and status pages: `topics`, `schemas`. */
  readonly name: string;
  /** Makes or finds what is needed; idempotent. What it throws is shown to operators: say what to change. */
  readonly attempt: () => Promise<T>;
  readonly logger: Logger;
  readonly clock?: Clock;
};

/**
 * Something that a program needs from a dependency. It is tried until it is there, for as long as that takes: a dependency that is
 * unreachable, slow or misconfigured never ends or hangs the program, and never stays unmentioned.
 */
export class Prerequisite<T> {
  private readonly stopped = new AbortController();
  private readonly clock: Clock;
  private lastError: unknown = new Error('not tried yet');
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: PrerequisiteDeps<T>) {
    this.clock = deps.clock ?? backgroundClock;
  }

  /** Why it is not there yet; `undefined` once it is. */
  get fault(): string | undefined {
    return this.lastError === undefined ? undefined : messageOf(this.lastError);
  }

  /** The error of the last attempt; `undefined` once it is there. */
  get error(): unknown {
    return this.lastError;
  }

  /** Resolves once it is there; `undefined` when stopped before that. Never rejects. */
  async obtain(): Promise<T | undefined> {
    const { name, attempt, logger } = this.deps;
    const backoff = new Backoff(BACKOFF);
    while (!this.stopped.signal.aborted) {
      try {
        const value = await attempt();
        if (this.loggedAt > Number.NEGATIVE_INFINITY) logger.info({ prerequisite: name }, `${name} ready`);
        this.lastError = undefined;
        return value;
      } catch (error) {
        this.report(error);
      }
      await sleep(this.clock, backoff.nextMs(), this.stopped.signal);
    }
    return undefined;
  }

  stop(): void {
    this.stopped.abort();
  }

  private report(error: unknown): void {
    const fault = messageOf(error);
    const now = this.clock.monotonic();
    const isNew = fault !== this.fault || now - this.loggedAt >= REPEAT_AFTER_MS;
    this.lastError = error;
    const line = { prerequisite: this.deps.name, err: error };
    if (!isNew) {
      this.deps.logger.debug(line, `${this.deps.name} not ready, retrying`);
      return;
    }
    this.loggedAt = now;
    this.deps.logger.warn(line, `${this.deps.name} not ready, retrying: ${fault}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
