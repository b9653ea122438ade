import { playSchedule } from './play-schedule.js';

export type SimulationResult = {
  readonly schedules: number;
  /** Number of choices that the scheduler made. */
  readonly steps: number;
  /** The first schedule that broke a rule. Its seed replays it. */
  readonly broken?: {
    readonly seed: number;
    readonly violations: readonly string[];
    readonly trace: readonly string[];
  };
};

/** Plays the schedules of `seed`, `seed + 1`, …, up to the first one that breaks a rule. */
export async function simulate(
  seed: number,
  schedules: number,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (played: number) => void } = {},
): Promise<SimulationResult> {
  let steps = 0;
  for (let played = 0; played < schedules; played += 1) {
    options.signal?.throwIfAborted();
    const { violations, trace, steps: taken } = await playSchedule(seed + played);
    steps += taken;
    if (violations.length > 0)
      return { schedules: played + 1, steps, broken: { seed: seed + played, violations, trace } };
    options.onProgress?.(played + 1);
  }
  return { schedules, steps };
}
