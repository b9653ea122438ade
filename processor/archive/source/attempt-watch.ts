import type { Cancel, Clock } from '../../../infra/async/clock.js';

/** A slower source cannot deliver a recording within any link's lifetime, so it counts as stalled. */
const MIN_BYTES_PER_SECOND = 32;

export type WatchOptions = {
  readonly clock: Clock;
  /** End of the attempt (ms since the epoch). */
  readonly deadlineAt: number;
  /** Ends the attempt after a period of this length (ms) without progress. The first one includes connecting. */
  readonly stallMs: number;
  /** Aborted when the archive stops. */
  readonly stop: AbortSignal;
};

/** Aborts a download attempt that stalls, misses its deadline or must stop, through its signal. */
export class AttemptWatch {
  private readonly controller = new AbortController();
  private readonly abort = (): void => this.controller.abort();
  private readonly cancelDeadline: Cancel;
  private cancelStallCheck: Cancel = () => undefined;
  private bytesInPeriod = 0;

  constructor(private readonly options: WatchOptions) {
    const { clock, deadlineAt, stop } = options;
    this.cancelDeadline = clock.after(Math.max(0, deadlineAt - clock.now()), this.abort);
    stop.addEventListener('abort', this.abort, { once: true });
    if (stop.aborted) this.abort();
    this.watchPeriod();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  progress(bytes: number): void {
    this.bytesInPeriod += bytes;
  }

  /** Must be called when the attempt is over. */
  end(): void {
    this.cancelStallCheck();
    this.cancelDeadline();
    this.options.stop.removeEventListener('abort', this.abort);
  }

  private watchPeriod(): void {
    const { clock, stallMs } = this.options;
    this.bytesInPeriod = 0;
    this.cancelStallCheck = clock.after(stallMs, () => {
      if (this.bytesInPeriod * 1_000 < MIN_BYTES_PER_SECOND * stallMs) this.abort();
      else this.watchPeriod();
    });
  }
}
