import { describe, expect, it, vi } from 'vitest';
import { TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import type { StreamTask } from '../../../../processor/join/task/stream-task.js';
import {
  callFinalized,
  recordingArchived,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../rules/session-events.js';
import { minutes } from '../rules/session-script.js';
import { TaskHarness } from './task-harness.js';

// Ends a test that waits forever. Thousands of records take seconds on an idle machine, and minutes on a busy one.
vi.setConfig({ testTimeout: 600_000 });

describe('a task that is behind', () => {
  it('commits nothing until it has caught up, then everything at once, with one state per session', async () => {
    const h = new TaskHarness();
    h.append(
      sessionEnded(),
      textFinalized({ sessionId: 's-2' }),
      callFinalized(),
      recordingReady(),
      recordingArchived(),
    );
    const task = await h.open();
    const commits = h.watchCommits();
    await h.defer(task, 0, 2);
    await h.defer(task, 2, 4);
    expect(commits).toEqual([]);
    expect(task.nextOffset).toBe(4);
    await h.feed(task, 4);
    expect(commits).toMatchObject([{ nextOffset: 5 }]);
    expect(commits[0]?.changelog.map(({ sessionId }) => sessionId).sort()).toEqual(['s-1', 's-2']);
    expect(h.ids).toEqual(['s-2:complete:1', 's-1:complete:1']);
    expect(task.deferredMs).toBeUndefined();
  });

  it('commits a full transaction before it has caught up', async () => {
    const h = new TaskHarness();
    for (let i = 0; i < 9_000; i += 1) h.append(textFinalized({ sessionId: `s-${i % 10}` }));
    const task = await h.open();
    const commits = h.watchCommits();
    for (let from = 0; from < 9_000; from += 1_000) await h.defer(task, from, from + 1_000);
    expect(commits.map(({ nextOffset, changelog }) => ({ nextOffset, states: changelog.length }))).toEqual([
      { nextOffset: 8_000, states: 10 },
    ]);
    expect(h.ids).toHaveLength(10);
  });

  it('commits when too many sessions are decoded', async () => {
    const h = new TaskHarness();
    for (let i = 0; i < 3_600; i += 1) h.append(textFinalized({ sessionId: `s-${i}` }));
    const task = await h.open();
    const commits = h.watchCommits();
    for (let from = 0; from < 3_600; from += 900) await h.defer(task, from, from + 900);
    expect(commits.map(({ nextOffset, changelog }) => ({ nextOffset, states: changelog.length }))).toEqual([
      { nextOffset: 3_600, states: 3_600 },
    ]);
  });

  it('commits at the first record behind a full transaction', async () => {
    const h = new TaskHarness();
    for (let i = 0; i < 8_500; i += 1) h.append(textFinalized({ sessionId: `s-${i % 10}` }));
    const task = await h.open();
    const commits = h.watchCommits();
    await h.defer(task, 0, 7_990);
    await h.defer(task, 7_990, 8_500);
    expect(commits.map(({ nextOffset }) => nextOffset)).toEqual([8_000]);
  });

  it('reports how long records have waited, counted from the first one', async () => {
    const h = new TaskHarness();
    h.append(sessionEnded(), callFinalized());
    const task = await h.open();
    expect(task.deferredMs).toBeUndefined();
    await h.defer(task, 0, 1);
    h.partition.brokerNow += 300;
    await h.defer(task, 1, 2);
    expect(task.deferredMs).toBe(300);
    await task.commit();
    expect(task.deferredMs).toBeUndefined();
  });

  it.each<[string, (task: StreamTask) => Promise<unknown>]>([
    ["the owner's own commit", (task) => task.commit()],
    ["a reading of the broker's clock", (task) => task.brokerNow(0)],
  ])('commits waiting records with their offset at %s', async (_, between) => {
    const h = new TaskHarness();
    h.append(textFinalized(), callFinalized({ sessionId: 's-2' }), textFinalized({ sessionId: 's-3' }));
    const task = await h.open();
    await h.defer(task, 0, 2);
    h.partition.brokerNow += 1;
    const commits = h.watchCommits();
    await between(task);
    expect(commits).toMatchObject([{ nextOffset: 2, outputs: [{ key: 's-1' }] }]);
    expect([...h.partition.changelog.keys()].sort()).toEqual(['s-1', 's-2']);
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1', 's-3:complete:1']);
  });

  it('commits waiting records with their offset when a timer fires', async () => {
    const h = new TaskHarness();
    h.append(callFinalized(), textFinalized({ sessionId: 's-2' }));
    const task = await h.open();
    await h.defer(task);
    h.partition.brokerNow += minutes(16);
    const commits = h.watchCommits();
    await h.punctuate(task);
    expect(commits).toMatchObject([{ nextOffset: 2, outputs: [{ key: 's-2' }, { key: 's-1' }] }]);
    await h.punctuate(await h.open());
    expect(h.ids).toEqual(['s-2:complete:1', 's-1:complete:1']);
  });

  it('leaves waiting records to the next owner when it is closed', async () => {
    const h = new TaskHarness();
    h.append(textFinalized());
    const task = await h.open();
    await h.defer(task);
    await task.close();
    expect(h.ids).toEqual([]);
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1']);
  });

  it.each(['failed', 'lost-answer'] as const)(
    'loses and repeats nothing when its commit ends with: %s',
    async (fate) => {
      const h = new TaskHarness();
      h.append(sessionEnded(), textFinalized({ sessionId: 's-2' }), callFinalized(), recordingReady());
      h.append(recordingArchived(), textFinalized({ sessionId: 's-3' }));
      const task = await h.open();
      await h.defer(task, 0, 2);
      await h.defer(task, 2, 5);
      h.partition.fate = fate;
      await expect(h.feed(task, 5)).rejects.toThrow(TransactionFailedError);
      expect(h.partition.committed).toBe(fate === 'failed' ? undefined : 6);
      await h.feed(await h.open());
      expect(h.ids).toEqual(['s-2:complete:1', 's-1:complete:1', 's-3:complete:1']);
      expect(h.partition.committed).toBe(6);
    },
  );
});
