import type { Admin } from 'kafkajs';
import { Backoff } from '../../async/backoff.js';
import { sleep, systemClock } from '../../async/clock.js';
import { untilSettled } from '../connection/until-settled.js';

const BACKOFF = { initialMs: 20, maxMs: 500 };
/** The first election takes milliseconds. A partition that has no leader for longer is treated as one that has lost it. */
const MAX_ATTEMPTS = 12;

/** Waits until the partitions of new topics have leaders, so that a program does not start with errors. Gives up after a few seconds. */
export async function awaitLeaders(admin: Admin, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  const backoff = new Backoff(BACKOFF);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    // Another broker may not know the topics yet.
    const { topics: found } = await untilSettled(() => admin.fetchTopicMetadata({ topics: [...topics] }), systemClock);
    const isComplete = found.length === topics.length && found.every(({ partitions }) => partitions.length > 0);
    if (isComplete && found.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    await sleep(systemClock, backoff.nextMs());
  }
}
