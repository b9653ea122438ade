import { styleText } from 'node:util';
import type { Verdict } from './verdict.js';

const LETTERS = { 'session.ended': 'E', 'call.ended': 'C', 'session.finalized': 'F', 'recording.ready': 'R' } as const;
const HEADINGS = ['', 'session', 'what happened', 'status', 'sent', 'recording', 'audio', 'joined after'];
const RIGHT = new Set([6, 7]);

/** A table with one line per session. `sent` shows the order of the events: E ended, C call ended, F finalized, R recording. */
export function renderTable(verdicts: readonly Verdict[], sentAt: ReadonlyMap<string, readonly number[]>): string {
  const rows = verdicts.map((verdict) => cells(verdict, sentAt));
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (RIGHT.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  return [
    styleText('bold', line(HEADINGS)),
    rule,
    ...rows.map((row, i) => paint(line(row), verdicts[i])),
    rule,
    ...verdicts.flatMap(({ session, faults }) =>
      faults.map((fault) => styleText('red', `✗ ${session.sessionId}: ${fault}`)),
    ),
  ].join('\n');
}

function cells({ session, seen, faults }: Verdict, sentAt: ReadonlyMap<string, readonly number[]>): string[] {
  const recording = seen?.record.recording;
  // The last event sent before the record arrived completed the session. Redeliveries may follow it.
  const sent = seen && sentAt.get(session.sessionId)?.findLast((time) => time <= seen.at);
  return [
    faults.length === 0 ? '✓' : '✗',
    session.sessionId,
    session.title,
    session.expected.status ?? '–',
    session.events.map(({ event }) => LETTERS[event]).join(' '),
    recording === undefined ? 'no record' : recording.outcome.replaceAll('_', ' '),
    recording?.outcome === 'archived' ? `${(recording.bytes / 1024).toFixed(1)} KiB` : '',
    seen === undefined || sent === undefined ? '' : `${seen.at - sent} ms`,
  ];
}

function paint(line: string, verdict: Verdict | undefined): string {
  return verdict === undefined || verdict.faults.length === 0 ? line : styleText('red', line);
}
