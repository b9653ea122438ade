import { createHash } from 'node:crypto';
import type { SenderEvent } from '../../schemas/validators.js';
import type { DemoSession } from './sessions.js';

/** Pseudo-random numbers in [0, 1), the same for the same seed on every machine. */
function random(seed: number): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed}:${count++}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** Interleaves the events of all sessions at random. Each session's own order is kept. */
export function interleave(sessions: readonly DemoSession[], seed: number): SenderEvent[] {
  const next = random(seed);
  const queues = sessions.map(({ events }) => [...events]);
  const row: SenderEvent[] = [];
  for (
    let left = queues.filter((queue) => queue.length > 0);
    left.length > 0;
    left = left.filter((queue) => queue.length > 0)
  ) {
    const event = left[Math.floor(next() * left.length)]?.shift();
    if (event !== undefined) row.push(event);
  }
  return row;
}
