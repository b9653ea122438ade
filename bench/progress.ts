import type { Log } from '../dev/local-stack/progress.js';

/** A part of a run, and how long it takes on two cores. */
export type Step = { readonly name: string; readonly seconds: number };

/** How far a run is: each line that it logs says how long it has taken, and about how long it still will. */
export class Progress {
  private readonly startedAt: number;
  private current = -1;
  private stepStartedAt: number;

  /**
   * @param steps in their order. @param now milliseconds of a clock that only goes forward.
   */
  constructor(
    private readonly steps: readonly Step[],
    private readonly say: Log,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.startedAt = now();
    this.stepStartedAt = this.startedAt;
  }

  readonly log: Log = (line) => {
    const { elapsed, left } = this.seconds();
    this.say(`[${clock(elapsed)}, about ${left < 50 ? '1 min' : `${Math.ceil(left / 60)} min`} left] ${line}`);
  };

  /** The step before it has ended. */
  begin(name: string): void {
    this.current = this.steps.findIndex((step) => step.name === name);
    this.stepStartedAt = this.now();
    this.log(`── ${name}`);
  }

  /** What the steps behind us took, against what they were thought to take, tells what those before us will. */
  private seconds(): { readonly elapsed: number; readonly left: number } {
    const elapsed = (this.now() - this.startedAt) / 1000;
    const inStep = (this.now() - this.stepStartedAt) / 1000;
    const thought = this.steps.slice(0, Math.max(0, this.current)).reduce((sum, { seconds }) => sum + seconds, 0);
    const pace = thought === 0 ? 1 : (elapsed - inStep) / thought;
    const [step, ...later] = this.steps.slice(Math.max(0, this.current));
    const leftOfStep = Math.max(0, (step?.seconds ?? 0) * pace - inStep);
    return { elapsed, left: leftOfStep + later.reduce((sum, { seconds }) => sum + seconds * pace, 0) };
  }
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
