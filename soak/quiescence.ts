import { setTimeout as delay } from 'node:timers/promises';
import type { OffsetReader } from '../infra/kafka/consume/offset-reader.js';

const CHECK_EVERY_MS = 1_000;

export type Quiet = {
  /** The consumer group that reads the input. */
  readonly groupId: string;
  readonly input: string;
  /** The topics that the group writes to. */
  readonly outputs: readonly string[];
  readonly quietMs: number;
  readonly withinMs: number;
  readonly signal: AbortSignal;
};

/**
 * Resolves once the group has processed all input and its outputs have not grown for `quietMs`.
 * @throws Error with the remaining lag when that takes longer than `withinMs`.
 */
export async function untilQuiet(offsets: OffsetReader, options: Quiet): Promise<void> {
  const { groupId, input, outputs, quietMs, withinMs, signal } = options;
  const start = performance.now();
  let written = -1;
  let quietSince = start;
  for (;;) {
    // A broker that has just started does not know its groups yet. That does not count as quiet.
    const [lag, ends] = await Promise.all([lagOf(offsets, groupId, input), endsOf(offsets, outputs)]).catch(() => [
      1, -1,
    ]);
    const now = performance.now();
    if (lag !== 0 || ends !== written) quietSince = now;
    written = ends;
    if (now - quietSince >= quietMs) return;
    if (now - start > withinMs)
      throw new Error(`${groupId} has not finished ${input} after ${withinMs / 1000} s: ${lag} records behind`);
    await delay(CHECK_EVERY_MS, undefined, { signal });
  }
}

async function lagOf(offsets: OffsetReader, groupId: string, topic: string): Promise<number> {
  let lag = 0;
  const committed = await offsets.committed(groupId, topic);
  for (const [partition, { low, end }] of await offsets.bounds(topic)) {
    lag += end - (committed.get(partition) ?? low);
  }
  return lag;
}

async function endsOf(offsets: OffsetReader, topics: readonly string[]): Promise<number> {
  let sum = 0;
  for (const topic of topics) for (const { end } of (await offsets.bounds(topic)).values()) sum += end;
  return sum;
}
