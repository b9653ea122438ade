import { systemClock, type Cancel, type Clock } from '../../infra/async/clock.js';
import type { RecordRefusedError } from '../../infra/kafka/produce/event-producer-errors.js';
import type { Logger } from '../../infra/observability/logger.js';
import type { IncomingRecord, StoreOutcome } from '../record.js';
import type { SpoolFailure } from '../spool/spool-failure.js';
import type { Spool } from '../spool/spool.js';
import { PendingRecord, type UndeliveredHandler } from './pending-record.js';

/** The direct way to Kafka. */
export type DirectLine = {
  /** Why Kafka is not expected to acknowledge soon; `undefined` if it is. */
  readonly trouble: () => string | undefined;
  /** Sends a record, after all earlier ones, and settles it. */
  readonly send: (pending: PendingRecord) => void;
  /** Stops sending all unsettled records and returns them in the order of `send`. Those under way may still arrive and be settled. */
  readonly withdraw: () => readonly PendingRecord[];
};

export type DeliveryRouteDeps = {
  /** Names the route in log lines. */
  readonly topic: string;
  readonly line: DirectLine;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly onSpooled: () => void;
  readonly onFailure: (failure: SpoolFailure) => void;
  readonly onRejected: (pending: PendingRecord, error: RecordRefusedError) => void;
};

/** With at most this many records left to drain, new records wait in memory for the rest. */
const NEARLY_EMPTY_RECORDS = 2_000;
/** Limit of that wait. */
const MAX_RETURN_MS = 500;
/** Delay before the next return after one that exceeded the limit. */
const RETURN_PAUSE_MS = 2_000;

/**
 * Makes the records of one topic durable, in Kafka or in the spool. No record of a session arrives for the first time behind a newer
 * one.
 *
 * ```
 *            trouble: all pending records go to the spool first
 *   direct ───────────────────────────────────────────────────────▶ spooling ◀─┐
 *     ▲  ▲                                                            │  │     │ trouble, or too slow:
 *     │  └───────────────── spool empty, no trouble ──────────────────┘  │     │ held records go to the spool
 *     │                                                                  ▼     │
 *     └──── spool empty: held records go to Kafka ─────────────────── returning (nearly empty: records are held)
 * ```
 */
export class DeliveryRoute implements UndeliveredHandler {
  private mode: 'direct' | 'spooling' | 'returning' = 'direct';
  private spool: Spool | undefined;
  private held: PendingRecord[] = [];
  private readonly clock: Clock;
  private cancelReturn: Cancel = () => undefined;
  private returnNotBefore = 0;
  private spoolingSince = 0;
  private spooledRecords = 0;

  constructor(private readonly deps: DeliveryRouteDeps) {
    this.clock = deps.clock ?? systemClock;
  }

  /** Adds the spool. Without it, Kafka is the only place. */
  open(spool: Spool): void {
    this.spool = spool;
    spool.onChange = () => this.updateMode();
    this.updateMode();
  }

  /**
   * Calls `settle` once, when the record is durable or cannot be made durable.
   * @param isMoved the record comes from another spool.
   */
  accept(record: IncomingRecord, settle: (outcome: StoreOutcome) => void, isMoved = false): void {
    this.updateMode();
    const trouble = this.mode === 'direct' ? this.deps.line.trouble() : undefined;
    if (trouble !== undefined) this.takeOver(trouble);
    const pending = new PendingRecord(record, settle, this, isMoved);
    switch (this.mode) {
      case 'direct':
        this.deps.line.send(pending);
        return;
      case 'spooling':
        void this.toSpool(pending);
        return;
      case 'returning':
        this.held.push(pending);
    }
  }

  /** Whether new records go straight to Kafka. */
  get isDirect(): boolean {
    this.updateMode();
    return this.mode === 'direct';
  }

  /** Records held in memory until the spool is empty. */
  get heldRecords(): number {
    return this.held.length;
  }

  /**
   * Moves all pending records to the spool, before anything later can reach Kafka. Call it before a failed send is repeated, when a
   * send is overdue, or when the program must stop.
   */
  takeOver(reason: string): void {
    if (this.mode === 'direct') this.startSpooling(reason);
    else if (this.mode === 'returning') this.stopReturning();
    this.updateMode();
  }

  rejected(pending: PendingRecord, error: RecordRefusedError): void {
    this.deps.onRejected(pending, error);
  }

  returned(pending: PendingRecord): void {
    void this.toSpool(pending);
  }

  /** Appends a record that did not reach Kafka to the spool. */
  async toSpool(pending: PendingRecord): Promise<void> {
    const outcome = (await this.spool?.append(pending.record, pending.isMoved)) ?? {
      kind: 'failed',
      failure: 'closed',
    };
    switch (outcome.kind) {
      case 'durable':
        this.spooledRecords += 1;
        this.deps.onSpooled();
        pending.answer({ kind: 'stored', place: 'spool' });
        return;
      case 'failed':
        this.deps.onFailure(outcome.failure);
        pending.answer({ kind: 'refused', reason: `not acknowledged by Kafka, and the spool is ${outcome.failure}` });
    }
  }

  /** Changes to the mode that Kafka and the spool require. In direct mode, `accept` checks for trouble, so that an idle route stays. */
  private updateMode(): void {
    const isEmpty = this.spool?.isEmpty ?? true;
    switch (this.mode) {
      case 'direct':
        if (!isEmpty) this.takeOver('the spool is not empty');
        return;
      case 'spooling':
        if (!isEmpty && (!this.isNearlyEmpty() || this.clock.monotonic() < this.returnNotBefore)) return;
        if (this.deps.line.trouble() !== undefined) return;
        if (isEmpty) this.goDirect();
        else this.startReturning();
        return;
      case 'returning':
        if (this.deps.line.trouble() !== undefined) this.stopReturning();
        else if (isEmpty) this.goDirect();
    }
  }

  private isNearlyEmpty(): boolean {
    return (this.spool?.records ?? Infinity) <= NEARLY_EMPTY_RECORDS;
  }

  private startSpooling(reason: string): void {
    const { line, logger, topic } = this.deps;
    const withdrawn = line.withdraw();
    this.mode = 'spooling';
    this.spoolingSince = this.clock.monotonic();
    this.spooledRecords = 0;
    const counts = { pendingRecords: withdrawn.length, spoolRecords: this.spool?.records };
    logger.warn({ topic, reason, ...counts }, 'sending to Kafka stopped, records go to the spool until it is drained');
    for (const pending of withdrawn) void this.toSpool(pending);
  }

  private goDirect(): void {
    const { line, logger, topic } = this.deps;
    this.mode = 'direct';
    this.cancelReturn();
    const durationMs = Math.round(this.clock.monotonic() - this.spoolingSince);
    const { spooledRecords } = this;
    logger.info({ topic, spooledRecords, durationMs }, 'spool drained, records go straight to Kafka');
    for (const pending of this.held.splice(0)) line.send(pending);
  }

  private startReturning(): void {
    this.mode = 'returning';
    this.cancelReturn = this.clock.after(MAX_RETURN_MS, () => this.stopReturning());
  }

  private stopReturning(): void {
    this.mode = 'spooling';
    this.cancelReturn();
    this.returnNotBefore = this.clock.monotonic() + RETURN_PAUSE_MS;
    for (const pending of this.held.splice(0)) void this.toSpool(pending);
  }
}
