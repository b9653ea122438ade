import { grouped } from '../../lab/grouped.js';
import { textTable } from '../../lab/text-table.js';
import type { FaultTally } from './archive-faults.js';
import { VIOLATIONS, type ArchiveHistory, type ArchiveViolation } from './check-archive.js';
import { SESSION_TIMEOUT_MS } from './read-history.js';
import type { PlannedRecording } from './recording-plan.js';
import { totalBytes } from './recording-plan.js';
import type { SourceLedger } from './source-ledger.js';

/** What the table says of a kind of violation, where its name does not. */
const MEANING: Partial<Record<(typeof VIOLATIONS)[number], string>> = {
  late: `late: after a link's life and the ${SESSION_TIMEOUT_MS / 1_000} s that a dead member is waited for`,
  'called lost': 'called lost when its object was there',
};

export type ArchiveRan = {
  readonly seconds: number;
  readonly recordings: readonly PlannedRecording[];
  readonly faults: FaultTally;
  readonly source: SourceLedger;
  /** Archivers that ended without being told to. */
  readonly exits: number;
};

/** The table of a run: what was asked for, what was done to it, what came of it, and what was wrong. */
export function table(ran: ArchiveRan, history: ArchiveHistory, violations: readonly ArchiveViolation[]): string {
  const { published, expired } = ran.source;
  const sum = (count: (one: (typeof published)[number]) => number) =>
    published.reduce((all, one) => all + count(one), 0);
  const silent = ({ recording }: (typeof published)[number]) => recording.behaviour.cutsBy === 'silence';
  const killed = (kind: keyof FaultTally): string => {
    const { count, inTransfer } = ran.faults[kind];
    return `${count} (${inTransfer} in mid-transfer)`;
  };
  const cuts = sum(({ cuts: all }) => all);
  const killedInTransfer = Object.values(ran.faults).reduce((all, { inTransfer }) => all + inTransfer, 0);
  const archived = grouped(
    history.outcomes.filter(({ event }) => event === 'recording.archived'),
    ({ sessionId }) => sessionId,
  );
  const failed = new Set(
    history.outcomes.filter(({ event }) => event === 'recording.failed').map((one) => one.sessionId),
  );
  const largest = Math.max(...ran.recordings.map(({ content }) => content.length));
  const rows: [string, string | number][] = [
    ['seconds', Math.round(ran.seconds)],
    ['recordings', ran.recordings.length],
    ['  of them owed: their source was up for long enough', history.expected.filter(({ isOwed }) => isOwed).length],
    ['MiB in all', Math.round(totalBytes(ran.recordings) / 2 ** 20)],
    ['MiB of the largest', Math.round(largest / 2 ** 20)],
    ['faults in mid-transfer', cuts + killedInTransfer],
    ['  transfers cut', cuts],
    ['    of them by silence', sum((one) => (silent(one) ? one.cuts : 0))],
    ['  archivers killed', killed('archiver killed')],
    ['  store killed', killed('store killed')],
    ['  store hung', killed('store hung')],
    ['  source away', killed('source away')],
    ['answers 5xx', sum(({ refused }) => refused)],
    ['answers 403, after a life', expired],
    ['transfers', sum(({ transfers }) => transfers)],
    ['  of them went on where they were cut', sum(({ resumed }) => resumed)],
    ['archivers that ended by themselves', ran.exits],
    ['objects', history.objects.length],
    ['recordings reported as archived', archived.size],
    ['  of them more than once', [...archived.values()].filter((all) => all.length > 1).length],
    ['  of them also reported as failed', [...failed].filter((session) => archived.has(session)).length],
    ['recordings that failed', [...failed].filter((session) => !archived.has(session)).length],
    ...VIOLATIONS.map((kind): [string, number] => {
      return [MEANING[kind] ?? kind, violations.filter((one) => one.kind === kind).length];
    }),
  ];
  return textTable(rows.map(([name, value]) => [name, typeof value === 'number' ? value.toLocaleString('en') : value]));
}
