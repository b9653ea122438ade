import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import { Punctuator } from '../../../../processor/join/task/punctuator.js';
import { TaskSlot } from '../../../../processor/join/task/task-slot.js';
import { textFinalized } from '../rules/session-events.js';
import { TaskHarness } from './task-harness.js';

const TICK_MS = 200;

let punctuator: Punctuator | undefined;
afterEach(() => punctuator?.stop());

const failed: { readonly partition: number; readonly error: unknown }[] = [];

/** The punctuator of one partition, whose task has processed a record of `s-1` without a commit, because more records follow. */
async function behind(): Promise<TaskHarness> {
  const h = new TaskHarness();
  h.append(textFinalized());
  const task = await h.open();
  const slot = await new Promise<TaskSlot>((resolve, reject) => {
    const opened: TaskSlot = new TaskSlot(task, () => resolve(opened), reject);
  });
  await slot.run(() => h.defer(task));
  failed.length = 0;
  punctuator = new Punctuator({
    topic: 'session.events',
    offsets: { bounds: () => Promise.resolve(new Map()) },
    slots: () => new Map([[0, slot]]),
    clock: h.clock,
    onTaskFailed: (partition, error) => failed.push({ partition, error }),
    onUnavailable: () => undefined,
  });
  punctuator.start();
  return h;
}

async function tick(h: TaskHarness, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await h.timers.advance(TICK_MS);
    await setImmediate();
  }
}

it('commits records that have waited for a second, with their offset', async () => {
  const h = await behind();
  h.partition.brokerNow += 1_000;
  await tick(h);
  expect(h.ids).toEqual(['s-1:complete:1']);
  expect(h.partition.committed).toBe(1);
});

it('does not commit records that have waited for less than a second', async () => {
  const h = await behind();
  h.partition.brokerNow += 999;
  await tick(h, 5);
  expect(h.ids).toEqual([]);
  expect(h.partition.committed).toBeUndefined();
  h.partition.brokerNow += 1;
  await tick(h);
  expect(h.ids).toEqual(['s-1:complete:1']);
});

it('commits waiting records once, and nothing when none wait', async () => {
  const h = await behind();
  const commits = h.watchCommits();
  h.partition.brokerNow += 1_000;
  await tick(h);
  h.partition.brokerNow += 5_000;
  await tick(h, 5);
  expect(commits).toHaveLength(1);
});

it('reports a task whose commit fails, once', async () => {
  const h = await behind();
  h.partition.fate = 'failed';
  h.partition.brokerNow += 1_000;
  await tick(h, 5);
  expect(failed).toEqual([{ partition: 0, error: expect.any(TransactionFailedError) as unknown }]);
  expect(h.partition.committed).toBeUndefined();
});
