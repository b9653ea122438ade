import { pipeline, Transform } from 'node:stream';
import type { Clock } from '../../../infra/async/clock.js';
import type { OpenSource } from '../source/http-source.js';

/** Limits the rate of all downloads together, so that the rescue leaves bandwidth to the ingress. @param bytesPerSecond 0: no limit. */
export function throttledSource(open: OpenSource, bytesPerSecond: number, clock: Clock): OpenSource {
  if (bytesPerSecond === 0) return open;
  /** When the bytes that have passed so far are paid for. */
  let paidAt = 0;
  const throttle = (): Transform =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const now = clock.monotonic();
        const delayMs = paidAt - now;
        paidAt = Math.max(now, paidAt) + (chunk.length / bytesPerSecond) * 1_000;
        if (delayMs <= 1) done(null, chunk);
        else clock.after(delayMs, () => done(null, chunk));
      },
    });
  return async (target, headers, signal) => {
    const response = await open(target, headers, signal);
    // The end of either stream ends the other one; the reader sees its error.
    const body = pipeline(response.body, throttle(), () => undefined);
    return { ...response, body };
  };
}
