import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Phase } from './rules/state.js';
import type { SessionEventValue } from '../../schemas/validators.js';
import { DEAD_LETTER_REASONS } from './log/decode-log-record.js';
import type { Written } from './log/written.js';

/** Work of one committed transaction. */
export type Committed = {
  readonly events: ReadonlyMap<SessionEventValue['event'], number>;
  readonly written: Iterable<Written>;
  /** For each event that led to an output record: seconds from its LogAppendTime to the commit. */
  readonly latencies: readonly number[];
};

const SHORT_SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const LONG_SECONDS = [0.05, 0.25, 1, 2.5, 5, 10, 20, 40, 80, 160];

/** Metrics of the join. Label values come from fixed lists, never from a payload. */
export class JoinMetrics {
  readonly deadLetters;
  readonly sessions;
  readonly commitSeconds;
  readonly transactions;
  readonly restarts;
  readonly rebalances;
  readonly restoring;
  readonly restoredRecords;
  readonly restoreSeconds;
  readonly lagRecords;
  readonly lagSeconds;
  private readonly events;
  private readonly records;
  private readonly latency;

  constructor(registry: Registry, countSessions: () => Readonly<Record<Phase, number>>) {
    const registers = [registry];
    this.events = new Counter({
      name: 'join_events_total',
      help: 'Events joined and committed, by type.',
      labelNames: ['event'],
      registers,
    });
    this.deadLetters = new Counter({
      name: 'join_dead_letters_total',
      help: 'Records that cannot be joined and went to the dead-letter topic, by reason.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of DEAD_LETTER_REASONS) this.deadLetters.inc({ reason }, 0);
    this.records = new Counter({
      name: 'join_records_total',
      help: 'Records committed, by kind and outcome of the recording.',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.latency = new Histogram({
      name: 'join_latency_seconds',
      help: 'From the append time of the event that completed or amended a session to the commit of its record.',
      buckets: SHORT_SECONDS,
      registers,
    });
    this.sessions = new Gauge({
      name: 'join_sessions',
      help: 'Sessions in memory, by phase.',
      labelNames: ['phase'],
      registers,
      collect() {
        for (const [phase, count] of Object.entries(countSessions())) this.set({ phase }, count);
      },
    });
    this.commitSeconds = new Histogram({
      name: 'join_commit_seconds',
      help: 'Duration of a transaction.',
      buckets: SHORT_SECONDS,
      registers,
    });
    this.transactions = new Counter({
      name: 'join_transactions_total',
      help: 'Transactions by outcome: committed, fenced by a newer owner, or failed with an unknown outcome.',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['committed', 'fenced', 'failed']) this.transactions.inc({ outcome }, 0);
    this.restarts = new Counter({
      name: 'join_restarts_total',
      help: 'Number of times that all tasks were dropped and the process rejoined its group, by cause.',
      labelNames: ['cause'],
      registers,
    });
    for (const cause of ['fenced', 'failed']) this.restarts.inc({ cause }, 0);
    this.rebalances = new Counter({ name: 'join_rebalances_total', help: 'Assignments received.', registers });
    this.restoring = new Gauge({
      name: 'join_restoring_partitions',
      help: 'Partitions whose state is being restored.',
      registers,
    });
    this.restoredRecords = new Counter({
      name: 'join_restored_records_total',
      help: 'Changelog records read by restores.',
      registers,
    });
    this.restoreSeconds = new Histogram({
      name: 'join_restore_seconds',
      help: 'Duration of restoring a partition.',
      buckets: LONG_SECONDS,
      registers,
    });
    this.lagRecords = new Gauge({
      name: 'join_lag_records',
      help: 'Number of offsets between the position of the join and the end of the partition.',
      labelNames: ['partition'],
      registers,
    });
    this.lagSeconds = new Gauge({
      name: 'join_lag_seconds',
      help: 'Time that the join is behind on the partition; 0 at the end of the partition.',
      labelNames: ['partition'],
      registers,
    });
  }

  noteCommitted({ events, written, latencies }: Committed): void {
    this.transactions.inc({ outcome: 'committed' });
    for (const [event, count] of events) this.events.inc({ event }, count);
    for (const { kind, outcome, count } of written) this.records.inc({ kind, outcome }, count);
    for (const seconds of latencies) this.latency.observe(seconds);
  }
}
