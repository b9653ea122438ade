import { textTable } from '../../lab/text-table.js';
import type { EventLedger, Tally } from './event-ledger.js';
import type { Phase } from './phases.js';

/** What a phase came to. */
export type PhaseResult = {
  readonly phase: Phase;
  readonly tally: Tally;
  readonly seconds: number;
  /** For each fault, from its end until the spool was empty. */
  readonly drainMs: readonly number[];
};

type Row = readonly (string | number)[];

const HEADINGS: Row = [
  ...[
    '',
    'seconds',
    'sent',
    'a second',
    'kafka',
    'spool',
    'other',
    'no answer',
    'missing',
    'out of order',
    'duplicates',
    'unanswered, kept',
  ],
  'drain (max)',
];

/** The table of the results, a line for each phase. */
export function table(results: readonly PhaseResult[]): string {
  const rows: Row[] = results.map(({ phase, tally, seconds, drainMs }) => [
    ...[
      phase.name,
      Math.round(seconds),
      tally.sent,
      Math.round(tally.sent / seconds),
      tally.kafka,
      tally.spool,
      tally.other,
      tally.none,
      tally.missing,
    ],
    ...[tally.outOfOrder, tally.duplicates, tally.arrivedUnanswered],
    `${(Math.max(...drainMs) / 1000).toFixed(1)} s`,
  ]);
  return textTable(
    [HEADINGS, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell))),
  );
}

/** Each guarantee that did not hold, in words. */
export function violations(results: readonly PhaseResult[], ledger: EventLedger): string[] {
  const faults = results.flatMap(({ phase, tally }) => [
    ...(tally.missing > 0 ? [`${phase.name}: ${tally.missing} events that were answered 2xx are missing`] : []),
    ...(tally.outOfOrder > 0 ? [`${phase.name}: ${tally.outOfOrder} events are behind newer ones`] : []),
    ...(phase.answersAll && tally.other + tally.none > 0
      ? [`${phase.name}: ${tally.other} answers other than 2xx, ${tally.none} requests without an answer`]
      : []),
    ...(tally.kafka === 0 || tally.spool === 0 ? [`${phase.name}: shows nothing, no fault was felt`] : []),
  ]);
  if (ledger.strangers > 0) faults.push(`${ledger.strangers} records equal no event that was sent`);
  return faults;
}
