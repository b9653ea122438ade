import { setTimeout as delay } from 'node:timers/promises';
import { decodeWire } from '../../schemas/wire-format.js';
import { postTo } from './post.js';
import { SESSION_ENDED } from './webhook/sample-events.js';
import type { ReadRecord } from './topic-reader.js';

const PACE_MS = 20;

/** Senders that each deliver the events of one session, one at a time, numbered in `messagesCount`. */
export class SessionSenders {
  /** `<session>/<number>` of events answered 2xx. */
  readonly acknowledged = new Set<string>();
  /** Statuses other than 2xx. */
  readonly refusals: number[] = [];
  readonly places = { kafka: 0, spool: 0 };
  /** Requests without an answer because the process died. */
  unanswered = 0;
  private isStopped = false;
  private readonly running: Promise<void>[] = [];
  private readonly checks = new Set<() => void>();

  constructor(
    private readonly url: string,
    private readonly name: string,
    sessions: number,
  ) {
    for (let session = 0; session < sessions; session += 1) this.running.push(this.run(`${name}-${session}`));
  }

  /** Resolves once `count` more events have been acknowledged. */
  async more(count: number): Promise<void> {
    const enough = this.acknowledged.size + count;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (this.acknowledged.size < enough) return;
        this.checks.delete(check);
        resolve();
      };
      this.checks.add(check);
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.running);
  }

  /** The numbers of acknowledged events by session, in the order of their first arrival. */
  firstArrivals(records: readonly ReadRecord[]): Map<string, number[]> {
    const seen = new Set<string>();
    const arrivals = new Map<string, number[]>();
    for (const { key, value } of records) {
      if (key?.startsWith(`${this.name}-`) !== true) continue;
      const { messagesCount } = JSON.parse(decodeWire(value)?.json.toString() ?? '{}') as { messagesCount: number };
      const id = `${key}/${messagesCount}`;
      if (seen.has(id) || !this.acknowledged.has(id)) continue;
      seen.add(id);
      arrivals.set(key, [...(arrivals.get(key) ?? []), messagesCount]);
    }
    return arrivals;
  }

  private async run(session: string): Promise<void> {
    for (let number = 0; !this.isStopped; number += 1) {
      const body = JSON.stringify({ ...SESSION_ENDED, sessionId: session, messagesCount: number });
      try {
        const response = await postTo(this.url, body);
        const answer = (await response.json()) as { stored?: 'kafka' | 'spool' };
        if (response.ok) this.acknowledged.add(`${session}/${number}`);
        else this.refusals.push(response.status);
        if (answer.stored !== undefined) this.places[answer.stored] += 1;
      } catch {
        this.unanswered += 1;
      }
      for (const check of this.checks) check();
      // Without a pace, the load would starve the broker on a small machine.
      await delay(PACE_MS);
    }
  }
}
