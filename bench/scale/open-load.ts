import type { SupervisedProcess } from '../../dev/local-stack/process/supervised-process.js';
import { withProgress } from '../../dev/local-stack/progress.js';
import { topicNames } from '../../schemas/topics.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { eventRecord, type CallEvent, type NumberedEvent } from '../join/call-sessions.js';
import { produceEvents } from '../join/produce-events.js';
import { untilConsumed } from '../join/until-consumed.js';
import type { BenchSite } from '../site/bench-site.js';
import { registerSubjects } from '../site/schema-ids.js';

const OPENING: CallEvent = 'session.ended';
const FOLLOWING: CallEvent = 'call.ended';
/** Sessions between a session's first and second event, as in a log that is read while it is written. */
const LAG_SESSIONS = 1_000;
/** Step through the sessions, for an order without locality. It is prime, so that each is visited once before any is visited twice. */
const STRIDE = 7_919_993;
/** Maximum of events in flight; the same for few sessions as for many. */
const MAX_IN_FLIGHT = 10_000;

/** Writes events of open sessions and waits until they are joined. */
export class OpenLoad {
  private sessions = 0;
  /** Completed rounds through all sessions, and the position within the current one. */
  private rounds = 0;
  private at = 0;

  constructor(
    private readonly site: BenchSite,
    private readonly prefix: string,
    private readonly groupId: string,
  ) {}

  /** Opens sessions, with two events each, until this many are open. */
  async open(process: SupervisedProcess, sessions: number): Promise<void> {
    const from = this.sessions;
    this.sessions = sessions;
    this.at = sessions;
    function* events(): Generator<NumberedEvent> {
      for (let at = from; at < sessions + LAG_SESSIONS; at += 1) {
        if (at < sessions) yield { session: at, event: OPENING };
        if (at >= from + LAG_SESSIONS) yield { session: at - LAG_SESSIONS, event: FOLLOWING };
      }
    }
    await this.send(process, events(), `opening ${sessions.toLocaleString('en')} sessions`);
  }

  /**
   * Redelivers events, in each round with an earlier timestamp, which changes the session's state but leaves it open. Calls continue
   * the round through all sessions where the last one stopped, and no session gets two events in one transaction.
   */
  async repeat(process: SupervisedProcess, count: number): Promise<void> {
    const { sessions } = this;
    for (let left = count; left > 0;) {
      if (this.at === sessions) {
        this.rounds += 1;
        this.at = 0;
      }
      const { at: from, rounds: earlierMs } = this;
      const to = Math.min(from + left, from + MAX_IN_FLIGHT, sessions);
      function* events(): Generator<NumberedEvent & { readonly earlierMs: number }> {
        for (let n = from; n < to; n += 1) {
          yield { session: (n * STRIDE) % sessions, event: earlierMs % 2 === 0 ? OPENING : FOLLOWING, earlierMs };
        }
      }
      await this.send(process, events(), `events of ${sessions.toLocaleString('en')} open sessions`);
      this.at = to;
      left -= to - from;
    }
  }

  private async send(
    process: SupervisedProcess,
    events: Iterable<NumberedEvent & { readonly earlierMs?: number }>,
    what: string,
  ): Promise<void> {
    const { kafka, offsets, log } = this.site;
    const topic = topicNames(this.prefix).events;
    const header = wireHeader((await registerSubjects(this.site, this.prefix)).events);
    function* records() {
      for (const event of events) yield eventRecord(event, header, event.earlierMs);
    }
    await produceEvents(kafka, topic, records(), what, log);
    await withProgress(log, `${what}: joining`, () => untilConsumed(offsets, this.groupId, topic, process));
  }
}
