import type { Clock } from '../../../infra/async/clock.js';
import { Deadlines } from '../../../infra/async/deadlines.js';
import type { AppendOutcome } from '../spool-options.js';

/** Makes appends fail when the disk hangs: a hung disk reports no error, but the sender needs an answer. */
export class AppendDeadline {
  private readonly deadlines: Deadlines;
  private isOver = false;

  /** @param onSlow is called at the first timeout since the disk last responded. */
  constructor(
    timeoutMs: number,
    clock: Clock,
    private readonly onSlow: () => void,
  ) {
    this.deadlines = new Deadlines(timeoutMs, clock);
  }

  /** Whether an append has timed out and the disk has not responded since. */
  get isSlow(): boolean {
    return this.isOver;
  }

  /** Resolves with the outcome or, at the deadline, as failed. In that case the record may still become durable. */
  limit(append: Promise<AppendOutcome>): Promise<AppendOutcome> {
    return new Promise((settle) => {
      const deadline = this.deadlines.set(() => {
        if (!this.isOver) this.onSlow();
        this.isOver = true;
        settle({ kind: 'failed', failure: 'slow' });
      });
      void append.then((outcome) => {
        this.deadlines.cancel(deadline);
        settle(outcome);
      });
    });
  }

  /** Call it when a commit has ended, successfully or not. */
  diskResponded(): void {
    this.isOver = false;
  }

  clear(): void {
    this.deadlines.clear();
  }
}
