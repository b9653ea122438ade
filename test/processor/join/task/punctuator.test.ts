import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import { Punctuator } from '../../../../processor/join/task/punctuator.js';
import { TaskSlot } from '../../../../processor/join/task/task-slot.js';
import { textFinalized } from '../rules/session-events.js';
import { TaskHarness } from './task-harness.js';

const TICK_MS = 200;

let punctuator: Punctuator | undefined;

beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  await punctuator?.stop();
  vi.useRealTimers();
});

const failed: { readonly partition: number; readonly error: unknown }[] = [];

/** The punctuator of one partition, whose task has a record of `s-1` in hand, with more to come. */
async function behind(): Promise<TaskHarness> {
  const h = new TaskHarness();
  h.append(textFinalized());
  const task = await h.open();
  const slot = await new Promise<TaskSlot>((resolve, reject) => {
    const opened: TaskSlot = new TaskSlot(task, () => resolve(opened), reject);
  });
  await slot.process(h.partition.input, 1, true);
  failed.length = 0;
  punctuator = new Punctuator({
    topic: 'session.events',
    offsets: { bounds: () => Promise.resolve(new Map()) },
    slots: () => new Map([[0, slot]]),
    onTaskFailed: (partition, error) => failed.push({ partition, error }),
    onUnavailable: () => undefined,
  });
  punctuator.start();
  return h;
}

it('commits what has been waiting for a second, with its offset', async () => {
  const h = await behind();
  h.partition.brokerNow += 1_000;
  await vi.advanceTimersByTimeAsync(TICK_MS);
  expect(h.ids).toEqual(['s-1:complete:1']);
  expect(h.partition.committed).toBe(1);
});

it('leaves what has not been waiting for so long, until it has', async () => {
  const h = await behind();
  h.partition.brokerNow += 999;
  await vi.advanceTimersByTimeAsync(5 * TICK_MS);
  expect(h.ids).toEqual([]);
  expect(h.partition.committed).toBeUndefined();
  h.partition.brokerNow += 1;
  await vi.advanceTimersByTimeAsync(TICK_MS);
  expect(h.ids).toEqual(['s-1:complete:1']);
});

it('commits it once, and nothing when nothing waits', async () => {
  const h = await behind();
  const commits = h.watchCommits();
  h.partition.brokerNow += 1_000;
  await vi.advanceTimersByTimeAsync(TICK_MS);
  h.partition.brokerNow += 5_000;
  await vi.advanceTimersByTimeAsync(5 * TICK_MS);
  expect(commits).toHaveLength(1);
});

it('tells of a task whose commit fails, once', async () => {
  const h = await behind();
  h.partition.fate = 'failed';
  h.partition.brokerNow += 1_000;
  await vi.advanceTimersByTimeAsync(5 * TICK_MS);
  expect(failed).toEqual([{ partition: 0, error: expect.any(TransactionFailedError) as unknown }]);
  expect(h.partition.committed).toBeUndefined();
});
