import type { ByteBudget } from './byte-budget.js';
import type { Deadlines } from '../../../infra/async/deadlines.js';
import type { HttpResponse } from './uws-loader.js';

export type BodyLimits = {
  /** Read for each request: what Kafka takes may be known only later. */
  readonly maxBodyBytes: number;
  readonly budget: ByteBudget;
  /** Limits the time for the whole body, from its headers on. */
  readonly deadlines: Deadlines;
};

export type BodyOutcome =
  /** `body` is a copy. Call `release` when it is no longer needed. */
  | { readonly kind: 'complete'; readonly body: Buffer; readonly release: () => void }
  | { readonly kind: 'too_large' | 'too_slow' | 'overload' };

/**
 * Reads the body of a request. Call it before the route returns.
 * Calls `done` once, unless the returned function is called first: call that when the sender disconnects; it returns whether the body
 * was incomplete.
 */
export function readBody(res: HttpResponse, limits: BodyLimits, done: (outcome: BodyOutcome) => void): () => boolean {
  const { maxBodyBytes, budget, deadlines } = limits;
  let buffer: Buffer = EMPTY;
  let bytes = 0;
  let isOpen = true;
  const stop = (): void => {
    isOpen = false;
    buffer = EMPTY;
    deadlines.cancel(deadline);
  };
  const drop = (): boolean => {
    if (!isOpen) return false;
    stop();
    budget.release(bytes);
    return true;
  };
  const fail = (kind: 'too_large' | 'too_slow' | 'overload'): void => {
    drop();
    done({ kind });
  };
  const deadline = deadlines.set(() => fail('too_slow'));

  res.onData((chunk, isLast) => {
    if (!isOpen) return;
    if (bytes + chunk.byteLength > maxBodyBytes) {
      fail('too_large');
    } else if (!budget.tryReserve(chunk.byteLength)) {
      fail('overload');
    } else {
      // A copy: the chunk's memory is invalid when this function returns.
      buffer = withRoom(buffer, bytes, chunk.byteLength, isLast);
      buffer.set(new Uint8Array(chunk), bytes);
      bytes += chunk.byteLength;
      if (!isLast) return;
      const body = buffer.subarray(0, bytes);
      stop();
      done({ kind: 'complete', body, release: () => budget.release(bytes) });
    }
  });

  return drop;
}

const EMPTY = Buffer.alloc(0);

/** Grows by doubling. Chunks may be as small as a byte, and a list of them would need many times the memory of the body. */
function withRoom(buffer: Buffer, usedBytes: number, moreBytes: number, isLast: boolean): Buffer {
  const needed = usedBytes + moreBytes;
  if (needed <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(isLast ? needed : Math.max(needed, 2 * buffer.length));
  buffer.copy(larger, 0, 0, usedBytes);
  return larger;
}
