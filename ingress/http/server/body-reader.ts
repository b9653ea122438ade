import type { ByteBudget } from './byte-budget.js';
import type { Deadlines } from '../../../infra/async/deadlines.js';
import type { HttpResponse } from './uws-loader.js';

export type BodyLimits = {
  readonly maxBodyBytes: number;
  readonly budget: ByteBudget;
  /** Time for the whole body, from its headers on. */
  readonly deadlines: Deadlines;
};

export type BodyOutcome =
  /** The body is a copy. Call `release` when it is not needed any more. */
  | { readonly kind: 'complete'; readonly body: Buffer; readonly release: () => void }
  | { readonly kind: 'too_large' | 'too_slow' | 'overload' };

/**
 * Reads the body of a request; must be called in the request's own turn.
 * `done` is called once, unless the returned function comes first: call that when the sender goes away; it tells whether bytes were
 * still missing.
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
    budget.giveBack(bytes);
    return true;
  };
  const giveUp = (kind: 'too_large' | 'too_slow' | 'overload'): void => {
    drop();
    done({ kind });
  };
  const deadline = deadlines.set(() => giveUp('too_slow'));

  res.onData((chunk, isLast) => {
    if (!isOpen) return;
    if (bytes + chunk.byteLength > maxBodyBytes) {
      giveUp('too_large');
    } else if (!budget.take(chunk.byteLength)) {
      giveUp('overload');
    } else {
      // A copy: the memory behind a chunk is taken away when this returns.
      buffer = withRoom(buffer, bytes, chunk.byteLength, isLast);
      buffer.set(new Uint8Array(chunk), bytes);
      bytes += chunk.byteLength;
      if (!isLast) return;
      const body = buffer.subarray(0, bytes);
      stop();
      done({ kind: 'complete', body, release: () => budget.giveBack(bytes) });
    }
  });

  return drop;
}

const EMPTY = Buffer.alloc(0);

/** Grows by doubling: chunks may be as small as a byte, and a list of them would take many times the memory of the body. */
function withRoom(buffer: Buffer, usedBytes: number, moreBytes: number, isLast: boolean): Buffer {
  const needed = usedBytes + moreBytes;
  if (needed <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(isLast ? needed : Math.max(needed, 2 * buffer.length));
  buffer.copy(larger, 0, 0, usedBytes);
  return larger;
}
