import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { ConsumerHandlers } from '../../../../infra/kafka/consume/group-consumer.js';
import type { OffsetReader } from '../../../../infra/kafka/consume/offset-reader.js';
import { TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import { JoinMetrics } from '../../../../processor/join/join-metrics.js';
import { UnknownStateVersionError } from '../../../../processor/join/rules/state-codec.js';
import { StreamMember } from '../../../../processor/join/task/stream-member.js';
import { TaskError } from '../../../../processor/join/task/task-error.js';
import { silent } from '../../../support/stack-settings.js';
import { textFinalized } from '../rules/session-events.js';
import { TaskHarness } from './task-harness.js';

const PARTITION = 3;

/** The error with which a member fails that is assigned one partition. `onSeek`: the task has opened, and commits next. */
async function failureOf(h: TaskHarness, onSeek = (): void => undefined): Promise<TaskError> {
  let handlers: ConsumerHandlers | undefined;
  let member: StreamMember | undefined;
  const failed = new Promise<unknown>((onFailed) => {
    member = new StreamMember({
      createConsumer: (given) => {
        handlers = given;
        return { start: () => Promise.resolve(), stop: () => Promise.resolve(), seek: onSeek };
      },
      topic: 'session.events',
      offsets: { bounds: () => Promise.resolve(new Map()) } as unknown as OffsetReader,
      createTask: (partition) => h.task(partition),
      metrics: new JoinMetrics(new Registry(), () => ({
        open: 0,
        'given-up': 0,
        'awaiting-recording': 0,
        completed: 0,
      })),
      logger: silent,
      clock: h.clock,
      onFailed,
    });
  });
  handlers?.onAssigned([PARTITION]);
  const error = await failed;
  await member?.stop();
  if (!(error instanceof TaskError)) throw new Error('not a TaskError', { cause: error });
  return error;
}

it('a failed commit names the topic, the partition and the offset', async () => {
  const h = new TaskHarness();
  h.append(textFinalized());
  await h.feed(await h.open());
  const error = await failureOf(h, () => (h.partition.fate = 'failed'));
  expect(error.cause).toBeInstanceOf(TransactionFailedError);
  expect(error.message).toBe('join task failed at session.events, partition 3, offset 1: planned');
});

it('a state that cannot be read names its place in the changelog', async () => {
  const h = new TaskHarness();
  const log = h.partition.log();
  await log.fence();
  await log.commit({ changelog: [{ sessionId: 's-1', state: Buffer.from([9]) }] });
  const error = await failureOf(h);
  expect(error.cause).toBeInstanceOf(UnknownStateVersionError);
  expect(error.message).toMatch(/^join task failed at session\.join\.changelog, partition 3, offset 0: /);
});
