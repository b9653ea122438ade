import type { InputRecord } from '../../infra/kafka/group-consumer.js';
import type { Effect } from '../join/effects.js';
import type { JoinRules } from '../join/rules.js';
import { decodeState, encodeState } from '../join/state-codec.js';
import { onEvent, onTimer } from '../join/transition.js';
import { decodeRecord, schemaIdOf } from './decode-record.js';
import type { JoinMetrics } from './join-metrics.js';
import type { OutputEncoder } from './output-encoder.js';
import { PartitionClock } from './partition-clock.js';
import type { OutputRecord, PartitionLog } from './partition-log.js';
import type { SchemaIds } from './schema-ids.js';
import { SessionStore } from './session-store.js';

export type StreamTaskDeps = {
  readonly log: PartitionLog;
  readonly rules: JoinRules;
  readonly encoder: OutputEncoder;
  readonly schemaIds: SchemaIds;
  readonly metrics: JoinMetrics;
  /** A clock that never goes back, in ms from any origin. */
  readonly monotonicMs: () => number;
};

/** What a look at the partition showed: its end, asked for when the broker's clock was at least `asOf`. */
export type PartitionEnd = { readonly endOffset: number; readonly asOf: number };

/** Timers that fire in one transaction, so that a flood of them is neither one giant transaction nor one for each. */
const TIMERS_PER_COMMIT = 2_000;

/**
 * The join of one input partition. It runs transitions in memory and commits what they changed, what they say and how far it read
 * in one transaction: after a crash anywhere, that has happened or it has not.
 *
 * Calls must not overlap (see {@link Turnstile}). After any error the task is spoilt, since memory may be ahead of the log:
 * close it, and open a new one.
 */
export class StreamTask {
  private readonly store: SessionStore;
  private readonly clock: PartitionClock;
  private readonly dirty = new Set<string>();
  private outputs: OutputRecord[] = [];
  private effects: Effect[] = [];
  private position: number | undefined;

  constructor(
    readonly partition: number,
    private readonly deps: StreamTaskDeps,
  ) {
    this.store = new SessionStore(deps.rules);
    this.clock = new PartitionClock(deps.monotonicMs);
  }

  /** Takes the partition over and rebuilds its state. The order matters: see {@link PartitionLog}. */
  async open(): Promise<void> {
    const { log } = this.deps;
    this.clock.sample((await log.fence()).appendedAt);
    await log.restore(({ sessionId, state }) =>
      this.store.set(sessionId, state === null ? undefined : decodeState(state)),
    );
    this.position = await log.committedOffset();
  }

  /**
   * Processes records and commits. Records below the position were processed before, by this task or an earlier owner, and are
   * skipped: the consumer may have read its start from an offset that was not the last.
   *
   * @param nextOffset where reading goes on, control records after the last record included.
   */
  async process(records: readonly InputRecord[], nextOffset: number): Promise<void> {
    const position = this.position ?? 0;
    if (nextOffset <= position) return;
    const fresh = records.filter((record) => record.offset >= position);
    await this.deps.schemaIds.learn(fresh.map(schemaIdOf));
    for (const record of fresh) {
      this.fireTimersBefore(record.timestamp, Number.POSITIVE_INFINITY);
      this.join(record);
    }
    await this.commit(nextOffset);
  }

  /**
   * Fires the timers of a partition to which nothing is coming. Only when all that had reached the partition by then has been
   * processed may time pass; else this does nothing, and the records on their way will bring the time with them.
   *
   * @returns whether timers are left that are due.
   */
  async punctuate(end: PartitionEnd): Promise<boolean> {
    if ((this.position ?? 0) < end.endOffset) return false;
    const fired = this.fireTimersBefore(end.asOf, TIMERS_PER_COMMIT);
    if (fired > 0) await this.commit(undefined);
    return fired === TIMERS_PER_COMMIT;
  }

  /** The next offset to process; unknown until the first batch when nothing was ever committed. */
  get nextOffset(): number | undefined {
    return this.position;
  }

  /** When the next timer may be due, in log time. */
  nextDueAt(): number | undefined {
    return this.store.nextDueAt();
  }

  /** A lower bound of the broker's clock, good to a few milliseconds; asks the broker when the last look is too long ago. */
  async brokerNow(maxAgeMs: number): Promise<number> {
    if (this.clock.ageMs() > maxAgeMs) {
      this.clock.sample((await this.deps.log.commit({ outputs: [], changelog: [] })).appendedAt);
    }
    return this.clock.now() ?? 0;
  }

  /** Sessions by phase. */
  get counts(): SessionStore['counts'] {
    return this.store.counts;
  }

  async close(): Promise<void> {
    await this.deps.log.close();
  }

  private join(record: InputRecord): void {
    const { encoder, metrics, rules, schemaIds } = this.deps;
    const decoded = decodeRecord(record, (id) => schemaIds.knows(id));
    if (decoded.kind === 'poison') {
      metrics.poison.inc({ reason: decoded.reason });
      this.outputs.push(encoder.deadLetter(record, decoded.reason, decoded.faults));
      return;
    }
    const { event } = decoded;
    metrics.events.inc({ event: event.event });
    const before = this.store.get(event.sessionId);
    const { state, effects } = onEvent(before, event, record.timestamp, rules);
    this.take(event.sessionId, before, state, effects);
  }

  private fireTimersBefore(time: number, most: number): number {
    let fired = 0;
    for (; fired < most; fired += 1) {
      const due = this.store.takeDueBefore(time);
      if (due === undefined) break;
      const { state, effects } = onTimer(due.sessionId, due.state, due.dueAt, this.deps.rules);
      this.take(due.sessionId, due.state, state, effects);
    }
    return fired;
  }

  private take(
    sessionId: string,
    before: ReturnType<SessionStore['get']>,
    after: ReturnType<SessionStore['get']>,
    effects: readonly Effect[],
  ): void {
    for (const effect of effects) {
      this.effects.push(effect);
      this.outputs.push(this.deps.encoder.encode(effect));
    }
    if (after === before) return;
    this.store.set(sessionId, after);
    this.dirty.add(sessionId);
  }

  private async commit(nextOffset: number | undefined): Promise<void> {
    const { log, metrics } = this.deps;
    const outputs = this.outputs;
    const effects = this.effects;
    const changelog = [...this.dirty].map((sessionId) => {
      const state = this.store.get(sessionId);
      return { sessionId, state: state === undefined ? null : encodeState(state) };
    });
    this.outputs = [];
    this.effects = [];
    this.dirty.clear();
    const done = metrics.commitSeconds.startTimer();
    const receipt = await log.commit({ outputs, changelog, ...(nextOffset !== undefined && { nextOffset }) });
    done();
    this.clock.sample(receipt.appendedAt);
    if (nextOffset !== undefined) this.position = nextOffset;
    metrics.noteCommitted(effects);
  }
}
