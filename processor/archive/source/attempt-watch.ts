import type { Clock } from '../../../infra/async/clock.js';

/** A source slower than this cannot deliver a recording within any link's life: it counts as standing still. */
const LEAST_BYTES_PER_SECOND = 32;

export type WatchOptions = {
  readonly clock: Clock;
  /** The attempt ends then (ms since the epoch). */
  readonly deadlineAt: number;
  /** A span of this length (ms) without progress ends it sooner. Counted from the start, so it bounds connecting as well. */
  readonly stallMs: number;
  /** The role stops. */
  readonly stop: AbortSignal;
};

/** Ends an attempt to download that leads nowhere, through its signal. */
export class AttemptWatch {
  private readonly controller = new AbortController();
  private bytesInSpan = 0;
  private readonly callOff: (() => void)[] = [];
  private callOffSpan: () => void = () => undefined;

  constructor(private readonly options: WatchOptions) {
    const { clock, deadlineAt, stop } = options;
    const abort = (): void => this.controller.abort();
    this.callOff.push(clock.after(Math.max(0, deadlineAt - clock.now()), abort));
    stop.addEventListener('abort', abort, { once: true });
    this.callOff.push(() => stop.removeEventListener('abort', abort));
    if (stop.aborted) abort();
    this.watchSpan();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  progress(bytes: number): void {
    this.bytesInSpan += bytes;
  }

  /** To be called when the attempt is over. */
  end(): void {
    this.callOffSpan();
    for (const callOff of this.callOff) callOff();
  }

  private watchSpan(): void {
    const { clock, stallMs } = this.options;
    this.bytesInSpan = 0;
    this.callOffSpan = clock.after(stallMs, () => {
      if (this.bytesInSpan * 1_000 < LEAST_BYTES_PER_SECOND * stallMs) this.controller.abort();
      else this.watchSpan();
    });
  }
}
