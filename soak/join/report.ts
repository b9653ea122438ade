import type { OutputRead, SentEvent, Violation, ViolationKind } from '../oracle/history.js';
import { OUTPUTS, type ReadHistory } from './read-history.js';

const KINDS: readonly ViolationKind[] = ['lost', 'duplicate', 'torn', 'reordered', 'aborted', 'phantom'];

/** Table of a run: events sent, records written, violations found. */
export function table(
  run: { readonly sessions: number; readonly seconds: number; readonly faults: number; readonly exits: number },
  sent: readonly SentEvent[],
  read: ReadHistory,
  violations: readonly Violation[],
): string {
  const outcome = (kind: OutputRead['kind'], name: string): number =>
    read.outputs.filter(({ kind: other, record }) => {
      return other === kind && (record['recording'] as { outcome: string }).outcome === name;
    }).length;
  const outcomes = ['archived', 'not_expected', 'provider_failed', 'archive_failed', 'not_received'];
  const rows: [string, number][] = [
    ['seconds', Math.round(run.seconds)],
    ['faults', run.faults],
    ['processors that exited by themselves', run.exits],
    ['owners of partitions', read.owners],
    ['sessions', run.sessions],
    ['events sent', sent.length],
    ['events in the log', read.log.length],
    ...OUTPUTS.map((kind): [string, number] => [
      `session.${kind}`,
      read.outputs.filter((one) => one.kind === kind).length,
    ]),
    ...outcomes.map((name): [string, number] => [`  complete as ${name}`, outcome('complete', name)]),
    ['dead letters', read.deadLetters.length],
    ...KINDS.map((kind): [string, number] => [kind, violations.filter((violation) => violation.kind === kind).length]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, count]) => `${name.padEnd(width)}  ${count.toLocaleString('en').padStart(9)}\n`).join('');
}
