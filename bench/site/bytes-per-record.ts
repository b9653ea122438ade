import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchSite } from './bench-site.js';
import { topicSize } from '../../lab/topic-size.js';

/** Mean size of a topic's records in the broker's log, in bytes; undefined if the broker's disk is not accessible. */
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
