import { setTimeout as delay } from 'node:timers/promises';
import type { OffsetReader } from '../../../infra/kafka/offset-reader.js';
import type { TopicNames } from '../../../schemas/topics.js';
import { OUTPUTS } from './read-history.js';

const LOOK_MS = 1_000;
const GROUP_ID = 'session-join';

/**
 * Resolves once the group has processed all input and the outputs have not grown for `quietMs`.
 * @throws Error with what is behind when that takes longer than `withinMs`.
 */
export async function untilQuiet(
  offsets: OffsetReader,
  topics: TopicNames,
  { quietMs, withinMs, signal }: { readonly quietMs: number; readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const start = performance.now();
  let written = -1;
  let quietSince = start;
  for (;;) {
    // A broker that has just started does not know its groups yet: that is not quiet.
    const [lag, ends] = await Promise.all([lagOf(offsets, topics.events), endsOf(offsets, topics)]).catch(() => [
      1, -1,
    ]);
    const now = performance.now();
    if (lag !== 0 || ends !== written) quietSince = now;
    written = ends;
    if (now - quietSince >= quietMs) return;
    if (now - start > withinMs) throw new Error(`not quiet after ${withinMs / 1000} s: ${lag} records behind`);
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function lagOf(offsets: OffsetReader, topic: string): Promise<number> {
  let lag = 0;
  const committed = await offsets.committed(GROUP_ID, topic);
  for (const [partition, { low, end }] of await offsets.bounds(topic)) {
    lag += end - (committed.get(partition) ?? low);
  }
  return lag;
}

async function endsOf(offsets: OffsetReader, topics: TopicNames): Promise<number> {
  let sum = 0;
  for (const kind of OUTPUTS) for (const { end } of (await offsets.bounds(topics[kind])).values()) sum += end;
  return sum;
}
