import { textTable } from '../../lab/text-table.js';
import type { EventLedger, Tally } from './event-ledger.js';
import type { Phase } from './phases.js';

/** The result of a phase. */
export type PhaseResult = {
  readonly phase: Phase;
  readonly tally: Tally;
  readonly seconds: number;
  /** For each fault, the time from its end until the spool was empty. */
  readonly drainMs: readonly number[];
};

type Row = readonly (string | number)[];

const HEADINGS: Row = [
  '',
  'seconds',
  'sent',
  'per second',
  'kafka',
  'spool',
  'other',
  'no answer',
  'missing',
  'out of order',
  'duplicates',
  'stored without 2xx',
  'drain (max)',
];

/** The results as a table with a line for each phase. */
export function table(results: readonly PhaseResult[]): string {
  const rows: Row[] = results.map(({ phase, tally, seconds, drainMs }) => [
    phase.name,
    Math.round(seconds),
    tally.sent,
    Math.round(tally.sent / seconds),
    tally.kafka,
    tally.spool,
    tally.other,
    tally.none,
    tally.missing,
    tally.outOfOrder,
    tally.duplicates,
    tally.arrivedUnanswered,
    `${(Math.max(...drainMs) / 1000).toFixed(1)} s`,
  ]);
  return textTable(
    [HEADINGS, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell))),
  );
}

/** A sentence for each violated guarantee. */
export function violations(results: readonly PhaseResult[], ledger: EventLedger): string[] {
  const faults = results.flatMap(({ phase, tally }) => [
    ...(tally.missing > 0 ? [`${phase.name}: ${tally.missing} events answered 2xx are missing`] : []),
    ...(tally.outOfOrder > 0 ? [`${phase.name}: ${tally.outOfOrder} events arrived behind newer ones`] : []),
    ...(phase.answersAll && tally.other + tally.none > 0
      ? [`${phase.name}: ${tally.other} answers other than 2xx, ${tally.none} requests without an answer`]
      : []),
    ...(tally.kafka === 0 || tally.spool === 0 ? [`${phase.name}: proves nothing, the fault had no effect`] : []),
  ]);
  if (ledger.unknownRecords > 0) faults.push(`${ledger.unknownRecords} records do not equal any event that was sent`);
  return faults;
}
