import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchSite } from './bench-site.js';
import { topicSize } from '../../lab/topic-size.js';

/** What a record of a topic takes in the broker's log, in bytes: the mean of all; undefined where the broker's disk is not ours to see. */
export async function bytesPerRecord({ broker, dir, offsets }: BenchSite, topic: string): Promise<number | undefined> {
  if (broker === undefined) return undefined;
  const data = join(dir, 'kafka', 'data');
  let bytes = 0;
  for (const partition of readdirSync(data).filter((name) => /^(.*)-\d+$/.exec(name)?.[1] === topic)) {
    for (const file of readdirSync(join(data, partition)).filter((name) => name.endsWith('.log'))) {
      bytes += statSync(join(data, partition, file)).size;
    }
  }
  return bytes / (await topicSize(offsets, topic));
}
