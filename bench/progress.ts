import { systemClock } from '../infra/async/clock.js';
import type { Log } from '../dev/local-stack/progress.js';

/** A part of a run, and its expected duration on two cores. */
export type Step = { readonly name: string; readonly seconds: number };

/** Progress of a run: each logged line starts with the elapsed time and an estimate of the remaining time. */
export class Progress {
  private readonly startedAt: number;
  private current = -1;
  private stepStartedAt: number;

  /**
   * @param steps in the order in which they run. @param now a monotonic clock in milliseconds.
   */
  constructor(
    private readonly steps: readonly Step[],
    private readonly say: Log,
    private readonly now: () => number = () => systemClock.monotonic(),
  ) {
    this.startedAt = now();
    this.stepStartedAt = this.startedAt;
  }

  readonly log: Log = (line) => {
    const { elapsed, left } = this.seconds();
    this.say(`[${clock(elapsed)}, about ${left < 50 ? '1 min' : `${Math.ceil(left / 60)} min`} left] ${line}`);
  };

  /** Starts a step, and ends the one before it. */
  begin(name: string): void {
    this.current = this.steps.findIndex((step) => step.name === name);
    this.stepStartedAt = this.now();
    this.log(`── ${name}`);
  }

  /** Scales the remaining steps by how much longer than expected the finished ones took. */
  private seconds(): { readonly elapsed: number; readonly left: number } {
    const elapsed = (this.now() - this.startedAt) / 1000;
    const inStep = (this.now() - this.stepStartedAt) / 1000;
    const expected = this.steps.slice(0, Math.max(0, this.current)).reduce((sum, { seconds }) => sum + seconds, 0);
    const pace = expected === 0 ? 1 : (elapsed - inStep) / expected;
    const [step, ...later] = this.steps.slice(Math.max(0, this.current));
    const leftOfStep = Math.max(0, (step?.seconds ?? 0) * pace - inStep);
    return { elapsed, left: leftOfStep + later.reduce((sum, { seconds }) => sum + seconds * pace, 0) };
  }
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
