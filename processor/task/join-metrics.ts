import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Effect } from '../join/effects.js';
import type { Phase } from '../join/state.js';

/** What an operator watches of the join. */
export class JoinMetrics {
  readonly events;
  readonly poison;
  readonly records;
  readonly sessions;
  readonly commitSeconds;
  readonly restarts;
  readonly rebalances;

  constructor(registry: Registry, countSessions: () => Readonly<Record<Phase, number>>) {
    const registers = [registry];
    this.events = new Counter({
      name: 'join_events_total',
      help: 'Events joined, by type.',
      labelNames: ['event'],
      registers,
    });
    this.poison = new Counter({
      name: 'join_poison_total',
      help: 'Records that cannot be joined, sent to the dead-letter topic, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.records = new Counter({
      name: 'join_records_total',
      help: 'Records committed, by kind and outcome of the recording.',
      labelNames: ['kind', 'outcome'],
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
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
      registers,
    });
    this.restarts = new Counter({
      name: 'join_restarts_total',
      help: 'Times that all tasks were dropped and the group joined anew, by cause.',
      labelNames: ['cause'],
      registers,
    });
    this.rebalances = new Counter({ name: 'join_rebalances_total', help: 'Assignments received.', registers });
  }

  noteCommitted(effects: readonly Effect[]): void {
    for (const { kind, record } of effects) this.records.inc({ kind, outcome: record.recording?.outcome ?? 'none' });
  }
}
