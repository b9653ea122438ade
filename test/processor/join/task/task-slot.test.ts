import { expect, it } from 'vitest';
import { TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import { TaskSlot } from '../../../../processor/join/task/task-slot.js';
import { callFinalized, textFinalized } from '../rules/session-events.js';
import { minutes } from '../rules/session-script.js';
import { TaskHarness } from './task-harness.js';

const fail = (error: unknown): never => {
  throw error;
};

it('a failed call spoils the task: waiting calls do nothing, and the next owner continues from the last commit', async () => {
  const h = new TaskHarness();
  h.append(callFinalized());
  await h.feed(await h.open());
  const slot = new TaskSlot(await h.open(), () => undefined, fail);
  h.partition.brokerNow += minutes(60);
  const asOf = h.partition.brokerNow;
  h.append(textFinalized({ sessionId: 's-2' }));
  const backlog = h.partition.input.slice(1);
  await slot.run((task) => task.brokerNow(Number.POSITIVE_INFINITY));

  h.partition.fate = 'failed';
  const punctuated = slot.run((task) => task.punctuate({ endOffset: 1, asOf }));
  const processed = slot.run((task) => task.process(backlog, 2));
  await expect(punctuated).rejects.toThrow(TransactionFailedError);
  await processed;
  expect(h.ids).toEqual([]);

  await h.feed(await h.open());
  expect(h.ids).toEqual(['s-1:complete:1', 's-2:complete:1']);
});
