import type { OffsetReader } from '../infra/kafka/consume/offset-reader.js';

/** Number of records ever appended to a topic without transactions: the sum of its end offsets. */
export async function topicSize(offsets: OffsetReader, topic: string): Promise<number> {
  let size = 0;
  for (const { end } of (await offsets.bounds(topic)).values()) size += end;
  return size;
}
