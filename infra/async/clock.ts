/** Time, so that tests can make it pass. */
export type Clock = {
  /** Milliseconds since the epoch: deadlines are counted from the broker's timestamps. */
  now(): number;
  /** Calls back once after `ms`; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
