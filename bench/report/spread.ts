import { median } from '../../lab/median.js';
import type { Asked, Ratio } from './section.js';

export type Spread = { readonly middle: number; readonly least: number; readonly most: number };

/** The median of the rounds, with the least and the most of them. NaN of none. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { middle: NaN, least: NaN, most: NaN };
  return { middle: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/**
 * `ours` to `theirs`, each round by itself: a machine that is slower for a while is so for neighbours, so their ratio holds.
 * Rounds that one of them lacks are left out.
 */
export function ratioOf(title: string, ours: readonly number[], theirs: readonly number[], asked?: Asked): Ratio {
  const rounds = ours.slice(0, theirs.length).map((value, round) => value / (theirs[round] ?? NaN));
  const { middle, least, most } = spreadOf(rounds);
  return { title, value: middle, range: [least, most], ...(asked !== undefined && { asked }) };
}

/** Whether a figure is what is asked of it. */
export function reaches(value: number, asked: Asked): boolean {
  return 'atLeast' in asked ? value >= asked.atLeast : value <= asked.atMost;
}
