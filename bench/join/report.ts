import type { LatencySummary } from '../load/latencies.js';
import { median } from '../measure/median.js';
import { textTable } from '../measure/text-table.js';
import type { CatchUp } from './catch-up.js';
import type { OpenSessions } from './open-sessions.js';
import { describeFaults, isFaultless } from './output-check.js';

/** The table of the catch-up: medians, with the least and most of the rounds; then the first contender held against the others. */
export function reportCatchUp(rounds: ReadonlyMap<string, readonly CatchUp[]>, sessions: number): string {
  const rows = [...rounds].map(([name, results]) => [
    name,
    spread(results, (r) => r.sessionsPerSecond),
    spread(results, (r) => r.cpuMs / 1000, 1),
    spread(results, (r) => r.peakMemoryMiB),
    spread(results, (r) => r.totalMs / 1000, 1),
    spread(results, (r) => r.firstAfterMs / 1000, 1),
    spread(results, (r) => r.othersPercent),
    describeFaults(results.find(({ faults }) => !isFaultless(faults))?.faults ?? noFaults),
  ]);
  const headings = ['', 'sessions/s', 'CPU s', 'peak MiB', 's in all', 's to first', 'others %', 'output'];
  const [[firstName = '', first = []] = [], ...others] = rounds;
  const ratios = others.map(([name, other]) => {
    const of = (pick: (r: CatchUp) => number): string => ratio(median(first.map(pick)), median(other.map(pick)));
    return (
      `${firstName} to ${name}: ${of((r) => r.sessionsPerSecond)} × the throughput, ${of((r) => r.cpuMs)} × the CPU, ` +
      `${of((r) => r.peakMemoryMiB)} × the peak memory\n`
    );
  });
  return `\ncatch-up over ${number(sessions)} call sessions\n${textTable([headings, ...rows])}${ratios.join('')}`;
}

/** The table of the latencies, in milliseconds. */
export function reportLatency(contenders: ReadonlyMap<string, LatencySummary>, sessionsPerSecond: number): string {
  const rows = [...contenders].map(([name, { p50, p99, max }]) => [
    name,
    p50.toFixed(1),
    p99.toFixed(1),
    max.toFixed(1),
  ]);
  const title = `last event sent to joined record read, at ${sessionsPerSecond} sessions/s`;
  return `\n${title}\n${textTable([['', 'p50 ms', 'p99 ms', 'max ms'], ...rows])}`;
}

/** The table of what open sessions cost, and the most of them held against those in the middle. */
export function reportOpenSessions(sizes: readonly OpenSessions[]): string {
  const rows = sizes.map((r) => [
    number(r.sessions),
    number(r.loadedMiB),
    number(r.restoredMiB),
    number(r.peakMiB),
    number(r.restoreMs / 1000, 1),
    number(r.cpuMicrosPerEvent, 1),
    number(r.idlePercent, 2),
  ]);
  const headings = [
    'open sessions',
    'MiB',
    'MiB restored',
    'peak MiB',
    's to ready',
    'µs CPU an event',
    'idle, % of a core',
  ];
  const [few, many] = sizes.filter(({ sessions }) => sessions > 0);
  const held =
    few === undefined || many === undefined
      ? ''
      : `CPU an event, ${number(many.sessions)} to ${number(few.sessions)} open: ${ratio(many.cpuMicrosPerEvent, few.cpuMicrosPerEvent)} ×\n`;
  return `\nopen sessions\n${textTable([headings, ...rows])}${held}`;
}

const noFaults = { missing: 0, repeated: 0, wrong: 0, unexpected: 0 };

function spread(results: readonly CatchUp[], pick: (result: CatchUp) => number, digits = 0): string {
  const values = results.map(pick);
  const middle = number(median(values), digits);
  if (values.length < 2) return middle;
  return `${middle} (${number(Math.min(...values), digits)}–${number(Math.max(...values), digits)})`;
}

function ratio(a: number, b: number): string {
  return (a / b).toFixed(2);
}

function number(value: number, digits = 0): string {
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
