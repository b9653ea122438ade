import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord, StoreOutcome } from './event-sink.js';
import { PendingRecord } from './pending-record.js';
import type { Spool } from '../spool/spool.js';
import type { SpoolFailure } from '../spool/spool-failure.js';

/** The straight way to Kafka. */
export type DirectLine = {
  /** Why Kafka is not expected to acknowledge soon; `undefined` while it is. */
  readonly trouble: () => string | undefined;
  /** Settles the record once Kafka has it. Records arrive in the order of the calls. */
  readonly send: (pending: PendingRecord) => void;
  /** All that is not settled, in the order of `send`; it is not sent any more, but what is on its way may still arrive, and be settled. */
  readonly withdraw: () => readonly PendingRecord[];
};

export type LaneOptions = {
  readonly name: string;
  readonly line: DirectLine;
  readonly logger: Logger;
  readonly onSpooled: () => void;
  readonly onFailure: (failure: SpoolFailure) => void;
};

/** With no more left to drain than this, new records wait in memory for the rest, but no longer than so many milliseconds. */
const NEARLY_EMPTY_RECORDS = 2_000;
const RETURN_WITHIN_MS = 500;
/** After a return that took too long, the next one is not tried before this. */
const RETURN_PAUSE_MS = 2_000;

/**
 * Makes the records of one topic durable, in Kafka or in the spool, so that no record of a session arrives for the first time behind
 * a newer one.
 *
 * ```
 *            trouble: all that is pending goes to the spool first
 *   direct ───────────────────────────────────────────────────────▶ spooling ◀─┐
 *     ▲  ▲                                                            │  │     │ trouble, or too slow:
 *     │  └───────────────── spool empty, no trouble ──────────────────┘  │     │ what is held goes to the spool
 *     │                                                                  ▼     │
 *     └──── spool empty: what is held goes to Kafka ───────────────── returning (nearly empty: records are held)
 * ```
 */
export class Lane {
  private mode: 'direct' | 'spooling' | 'returning' = 'direct';
  private spool: Spool | undefined;
  private held: PendingRecord[] = [];
  private returnTimer: NodeJS.Timeout | undefined;
  private returnNotBefore = 0;
  private since = 0;
  private spooled = 0;

  constructor(private readonly options: LaneOptions) {}

  /** Until this is called there is nothing but Kafka. */
  open(spool: Spool): void {
    this.spool = spool;
    spool.onChange = () => this.look();
    this.look();
  }

  /** Calls `settle` once, when the record is durable or cannot be made so. */
  store(record: IncomingRecord, settle: (outcome: StoreOutcome) => void): void {
    this.look();
    const trouble = this.mode === 'direct' ? this.options.line.trouble() : undefined;
    if (trouble !== undefined) this.takeOver(trouble);
    this.route(new PendingRecord(record, settle));
  }

  /** New records go straight to Kafka. */
  get isDirect(): boolean {
    this.look();
    return this.mode === 'direct';
  }

  /** Records that wait in memory for the spool to empty. */
  get heldRecords(): number {
    return this.held.length;
  }

  /**
   * A send has failed or is overdue, or time is up: what is pending goes to the spool now, before anything that comes later can reach Kafka.
   * Call it before a send is tried again.
   */
  takeOver(reason: string): void {
    if (this.mode === 'direct') {
      const pending = this.options.line.withdraw();
      this.mode = 'spooling';
      this.since = performance.now();
      this.spooled = 0;
      this.options.logger.warn(
        { lane: this.options.name, reason, pending: pending.length, left: this.spool?.records },
        'the spool takes over',
      );
      for (const one of pending) void this.toSpool(one);
    } else if (this.mode === 'returning') {
      this.stopReturning();
    }
    this.look();
  }

  /** Puts a record that came back into the spool, behind what is there. */
  async toSpool(pending: PendingRecord): Promise<void> {
    const outcome = (await this.spool?.append(pending.record)) ?? { kind: 'failed', failure: 'closed' };
    switch (outcome.kind) {
      case 'durable':
        this.spooled += 1;
        this.options.onSpooled();
        pending.settle({ kind: 'stored', place: 'spool' });
        return;
      case 'failed':
        this.options.onFailure(outcome.failure);
        pending.settle({ kind: 'refused', reason: `not acknowledged by Kafka, and the spool is ${outcome.failure}` });
    }
  }

  private route(pending: PendingRecord): void {
    switch (this.mode) {
      case 'direct':
        this.options.line.send(pending);
        return;
      case 'spooling':
        void this.toSpool(pending);
        return;
      case 'returning':
        this.held.push(pending);
    }
  }

  /** Moves to the mode that the state of Kafka and of the spool call for. That Kafka is in trouble matters when there is a record. */
  private look(): void {
    const isEmpty = this.spool?.isEmpty ?? true;
    switch (this.mode) {
      case 'direct':
        if (!isEmpty) this.takeOver('the spool is not empty');
        return;
      case 'spooling':
        if (!isEmpty && (!this.isNearlyEmpty() || performance.now() < this.returnNotBefore)) return;
        if (this.options.line.trouble() !== undefined) return;
        if (isEmpty) this.goDirect();
        else this.startReturning();
        return;
      case 'returning':
        if (this.options.line.trouble() !== undefined) this.stopReturning();
        else if (isEmpty) this.goDirect();
    }
  }

  private isNearlyEmpty(): boolean {
    return (this.spool?.records ?? Infinity) <= NEARLY_EMPTY_RECORDS;
  }

  private goDirect(): void {
    const { line, logger, name } = this.options;
    this.mode = 'direct';
    clearTimeout(this.returnTimer);
    const durationMs = Math.round(performance.now() - this.since);
    logger.info(
      { lane: name, spooled: this.spooled, durationMs },
      'the spool is drained, records go straight to Kafka',
    );
    for (const pending of this.held.splice(0)) line.send(pending);
  }

  private startReturning(): void {
    this.mode = 'returning';
    this.returnTimer = setTimeout(() => this.stopReturning(), RETURN_WITHIN_MS);
  }

  private stopReturning(): void {
    this.mode = 'spooling';
    clearTimeout(this.returnTimer);
    this.returnNotBefore = performance.now() + RETURN_PAUSE_MS;
    for (const pending of this.held.splice(0)) void this.toSpool(pending);
  }
}
