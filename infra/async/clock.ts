/** Cancels what was scheduled; calling it again, or too late, does nothing. */
export type Cancel = () => void;

/** The only source of time in the programs, so that tests and the simulation can make it pass. */
export type Clock = {
  /** Milliseconds since the epoch. May jump: use it for timestamps and for deadlines that others set, never for durations. */
  now(): number;
  /** Milliseconds since an arbitrary moment. Never goes back: use it for durations. */
  monotonic(): number;
  /** Calls back once, after at least `ms`. */
  after(ms: number, callback: () => void): Cancel;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The system's clock, with timers that do not keep the process alive: for background retries. */
export const backgroundClock: Clock = {
  ...systemClock,
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after at least `ms`, or as soon as `signal` is aborted: check it afterwards. */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
