import { median } from '../../lab/median.js';
import type { Asked, Ratio } from './section.js';

export type Spread = { readonly median: number; readonly min: number; readonly max: number };

/** Median, minimum and maximum of the rounds; NaN without any. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: NaN, min: NaN, max: NaN };
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The ratio of `ours` to `theirs`, round by round: when the machine slows down, both slow down, and their ratio holds.
 * Rounds that one of them lacks are left out.
 */
export function ratioOf(title: string, ours: readonly number[], theirs: readonly number[], asked?: Asked): Ratio {
  const rounds = ours.slice(0, theirs.length).map((value, round) => value / (theirs[round] ?? NaN));
  const { median: value, min, max } = spreadOf(rounds);
  return { title, value, range: [min, max], ...(asked !== undefined && { asked }) };
}

/** Whether a figure reaches its target. */
export function reaches(value: number, asked: Asked): boolean {
  return 'atLeast' in asked ? value >= asked.atLeast : value <= asked.atMost;
}
