import type { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import { pollUntil } from '../poll-until.js';
import type { SupervisedProcess } from '../../dev/local-stack/process/supervised-process.js';

const CONSUMED = { everyMs: 100, timeoutMs: 15 * 60_000 };

/**
 * Waits until the group has committed the current end of each partition that holds records. With transactions its output can then be
 * read, too.
 *
 * @throws Error when the process exits, or takes too long.
 */
export async function untilConsumed(
  offsets: OffsetReader,
  groupId: string,
  topic: string,
  consumer: SupervisedProcess,
): Promise<void> {
  const exited = new AbortController();
  void consumer.exited.then(() => exited.abort());
  const bounds = [...(await offsets.bounds(topic))].filter(([, { low, end }]) => low < end);
  const isConsumed = async (): Promise<boolean> => {
    const committed = await offsets.committed(groupId, topic);
    if (bounds.every(([partition, { end }]) => (committed.get(partition) ?? 0) >= end)) return true;
    if (exited.signal.aborted) throw new Error(failure(consumer, `exited before it had read all of ${topic}`));
    return false;
  };
  if (!(await pollUntil(isConsumed, CONSUMED))) {
    throw new Error(
      failure(consumer, `did not reach the end of ${topic} within ${CONSUMED.timeoutMs / 60_000} minutes`),
    );
  }
}

function failure({ name, lastLogLines }: SupervisedProcess, problem: string): string {
  return `${name} ${problem}${lastLogLines(15)
    .map((line) => `\n  | ${line}`)
    .join('')}`;
}
