import { grouped } from '../../lab/grouped.js';
import { textTable } from '../../lab/text-table.js';
import type { FaultTally } from './archive-faults.js';
import { VIOLATIONS, type ArchiveHistory, type ArchiveViolation } from './check-archive.js';
import { SESSION_TIMEOUT_MS } from './read-history.js';
import type { PlannedRecording } from './recording-plan.js';
import { totalBytes } from './recording-plan.js';
import type { SourceLedger } from './source-ledger.js';

/** Descriptions of the violations whose name does not explain them. */
const DESCRIPTIONS: Partial<Record<(typeof VIOLATIONS)[number], string>> = {
  late: `late: after a link's lifetime and the ${SESSION_TIMEOUT_MS / 1_000} s until a dead member is noticed`,
  'reported lost': 'reported lost when its object existed',
};

export type FinishedRun = {
  readonly seconds: number;
  readonly recordings: readonly PlannedRecording[];
  readonly faults: FaultTally;
  readonly source: SourceLedger;
  /** Number of archivers that exited by themselves. */
  readonly exits: number;
};

/** The table of a run: its load, its faults, its results and the violations. */
export function table(run: FinishedRun, history: ArchiveHistory, violations: readonly ArchiveViolation[]): string {
  const { published, expired } = run.source;
  const sum = (count: (one: (typeof published)[number]) => number) =>
    published.reduce((all, one) => all + count(one), 0);
  const silent = ({ recording }: (typeof published)[number]) => recording.behaviour.cutsBy === 'silence';
  const countOf = (kind: keyof FaultTally): string => {
    const { count, inTransfer } = run.faults[kind];
    return `${count} (${inTransfer} during a transfer)`;
  };
  const cuts = sum(({ cuts: all }) => all);
  const killedInTransfer = Object.values(run.faults).reduce((all, { inTransfer }) => all + inTransfer, 0);
  const archived = grouped(
    history.outcomes.filter(({ event }) => event === 'recording.archived'),
    ({ sessionId }) => sessionId,
  );
  const failed = new Set(
    history.outcomes.filter(({ event }) => event === 'recording.failed').map((one) => one.sessionId),
  );
  const largest = Math.max(...run.recordings.map(({ content }) => content.length));
  const rows: [string, string | number][] = [
    ['seconds', Math.round(run.seconds)],
    ['recordings', run.recordings.length],
    ['  of these owed: their source was up for long enough', history.expected.filter(({ isOwed }) => isOwed).length],
    ['MiB in total', Math.round(totalBytes(run.recordings) / 2 ** 20)],
    ['MiB, largest recording', Math.round(largest / 2 ** 20)],
    ['faults during a transfer', cuts + killedInTransfer],
    ['  transfers cut', cuts],
    ['    of these by a stall', sum((one) => (silent(one) ? one.cuts : 0))],
    ['  archivers killed', countOf('archiver killed')],
    ['  object store killed', countOf('store killed')],
    ['  object store suspended', countOf('store hung')],
    ['  source down', countOf('source down')],
    ['responses 5xx', sum(({ refused }) => refused)],
    ['responses 403 after the lifetime', expired],
    ['transfers', sum(({ transfers }) => transfers)],
    ['  of these resumed after a cut', sum(({ resumed }) => resumed)],
    ['archivers that exited by themselves', run.exits],
    ['objects', history.objects.length],
    ['recordings reported as archived', archived.size],
    ['  of these more than once', [...archived.values()].filter((all) => all.length > 1).length],
    ['  of these also reported as failed', [...failed].filter((session) => archived.has(session)).length],
    ['recordings that failed', [...failed].filter((session) => !archived.has(session)).length],
    ...VIOLATIONS.map((kind): [string, number] => {
      return [DESCRIPTIONS[kind] ?? kind, violations.filter((one) => one.kind === kind).length];
    }),
  ];
  return textTable(rows.map(([name, value]) => [name, typeof value === 'number' ? value.toLocaleString('en') : value]));
}
