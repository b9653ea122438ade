import { setTimeout as delay } from 'node:timers/promises';
import type { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import type { SupervisedProcess } from '../../dev/local-stack/process/supervised-process.js';

const ASK_EVERY_MS = 100;
const DEADLINE_MS = 15 * 60_000;

/**
 * Resolves when the group has committed the end of each partition that holds records, as the topic ends now. With transactions that
 * is also when all that it says of them can be read.
 *
 * @throws Error when the process ends, or no offset has moved for long enough to be a hang.
 */
export async function untilConsumed(
  offsets: OffsetReader,
  groupId: string,
  topic: string,
  consumer: SupervisedProcess,
): Promise<void> {
  const ended = new AbortController();
  void consumer.exited.then(() => ended.abort());
  const deadline = performance.now() + DEADLINE_MS;
  for (const [partition, { low, end }] of await offsets.bounds(topic)) {
    if (low === end) continue;
    while (((await offsets.committed(groupId, topic)).get(partition) ?? 0) < end) {
      if (ended.signal.aborted) throw new Error(failure(consumer, 'ended before it had read its input'));
      if (performance.now() > deadline) throw new Error(failure(consumer, 'did not come to the end of its input'));
      await delay(ASK_EVERY_MS);
    }
  }
}

function failure({ name, lastLogLines }: SupervisedProcess, what: string): string {
  return `${name} ${what}${lastLogLines(15)
    .map((line) => `\n  | ${line}`)
    .join('')}`;
}
