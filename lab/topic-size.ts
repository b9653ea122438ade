import type { OffsetReader } from '../infra/kafka/consume/offset-reader.js';

/** Records that were ever appended to a topic without transactions: ends summed over its partitions. */
export async function topicSize(offsets: OffsetReader, topic: string): Promise<number> {
  let size = 0;
  for (const { end } of (await offsets.bounds(topic)).values()) size += end;
  return size;
}
