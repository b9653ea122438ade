import type { Asked } from './section.js';
import { reaches } from './spread.js';

/** A number with three significant digits, or a whole one with thousands separators: `0.39`, `24.3`, `35,700`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A short number for an axis: `10k`, `1M`, `0.5`. */
export function shortFigure(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (Math.abs(value) >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

/** `asked ≥ 1.5: reached`. */
export function askedText(value: number, asked: Asked | undefined): string {
  if (asked === undefined) return '';
  const bound = 'atLeast' in asked ? `≥ ${asked.atLeast}` : `≤ ${asked.atMost}`;
  return `${bound}: ${reaches(value, asked) ? 'reached' : 'short'}`;
}
