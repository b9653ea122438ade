import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { FencedError, TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import type { TaskTransaction } from '../../../../soak/simulation/kafka/fake-partition.js';
import type { CommitReceipt, OutputRecord, PartitionLog } from '../../../../processor/join/log/partition-log.js';

/** One partition, empty at first. */
export type PartitionHarness = {
  readonly open: () => PartitionLog;
  /** Takes over the partition, writes a whole transaction, and dies before it ends the transaction. */
  readonly dieInside: (transaction: TaskTransaction) => Promise<void>;
  readonly outputTopic: string;
  /** The output records that a read_committed consumer sees, in order. */
  readonly outputs: () => Promise<readonly { readonly key: string | null; readonly value: string }[]>;
  readonly brokerNow: () => number;
};

/** The guarantees that a task relies on, checked for the fake and for the real broker. */
export function partitionLogContract(name: string, createHarness: () => Promise<PartitionHarness>): void {
  describe(`PartitionLog: ${name}`, () => {
    let harness: PartitionHarness;
    const opened: PartitionLog[] = [];

    beforeEach(async () => {
      harness = await createHarness();
      return async () => {
        await Promise.all(opened.splice(0).map((log) => log.close()));
      };
    });

    const fenced = async (): Promise<PartitionLog> => {
      const log = harness.open();
      opened.push(log);
      await log.fence();
      return log;
    };
    const restored = async (log: PartitionLog): Promise<Record<string, string>> => {
      const states = new Map<string, string>();
      await log.restore(({ sessionId, state }) => {
        if (state === null) states.delete(sessionId);
        else states.set(sessionId, state.toString());
      });
      return Object.fromEntries(states);
    };
    const output = (key: string, value: string): OutputRecord => ({
      topic: harness.outputTopic,
      key,
      value: Buffer.from(value),
      headers: { ce_id: `${key}:complete:1` },
    });
    const state = (sessionId: string, text: string | null) => ({
      sessionId,
      state: text === null ? null : Buffer.from(text),
    });

    it('starts with no state and no offset', async () => {
      const log = await fenced();
      expect(await restored(log)).toEqual({});
      expect(await log.committedOffset()).toBeUndefined();
    });

    it('passes states, tombstones and the offset to the next owner', async () => {
      const first = await fenced();
      await commit(first, { outputs: [], changelog: [state('a', '1'), state('b', '1')], nextOffset: 5 });
      await commit(first, {
        outputs: [],
        changelog: [state('a', '2'), state('b', null), state('c', '3')],
        nextOffset: 9,
      });
      const second = await fenced();
      expect(await restored(second)).toEqual({ a: '2', c: '3' });
      expect(await second.committedOffset()).toBe(9);
    });

    it('ends a restore with the error of the task that cannot read a state', async () => {
      const first = await fenced();
      await commit(first, { outputs: [], changelog: [state('a', '1'), state('b', '1')], nextOffset: 1 });
      const second = await fenced();
      const error = new Error('cannot be read');
      const restore = async (): Promise<void> =>
        second.restore(() => {
          throw error;
        });
      await expect(restore()).rejects.toBe(error);
    });

    it('keeps the offset when a transaction consumed nothing', async () => {
      const log = await fenced();
      await commit(log, { outputs: [output('a', 'x')], changelog: [], nextOffset: 7 });
      await commit(log, { outputs: [output('b', 'y')], changelog: [state('b', '1')] });
      expect(await log.committedOffset()).toBe(7);
      expect(await harness.outputs()).toEqual([
        { key: 'a', value: 'x' },
        { key: 'b', value: 'y' },
      ]);
    });

    it('does not let a zombie write', async () => {
      const zombie = await fenced();
      await commit(zombie, { outputs: [output('a', '1')], changelog: [state('a', '1')], nextOffset: 1 });
      const owner = await fenced();
      await expect(
        commit(zombie, { outputs: [output('a', 'zombie')], changelog: [state('a', 'zombie')], nextOffset: 2 }),
      ).rejects.toThrow(FencedError);
      await commit(owner, { outputs: [output('b', '2')], changelog: [], nextOffset: 3 });
      expect(await harness.outputs()).toEqual([
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ]);
      const next = await fenced();
      expect(await restored(next)).toEqual({ a: '1' });
      expect(await next.committedOffset()).toBe(3);
    });

    it('fences a zombie for every kind of commit', async () => {
      for (const transaction of [
        { outputs: [], changelog: [] },
        { outputs: [], changelog: [], nextOffset: 8 },
        { outputs: [output('a', '1')], changelog: [] },
        { outputs: [], changelog: [state('a', '1')] },
      ]) {
        const zombie = await fenced();
        await fenced();
        await expect(commit(zombie, transaction)).rejects.toThrow(FencedError);
        await expect(commit(zombie, transaction)).rejects.toThrow();
      }
      const owner = await fenced();
      expect(await restored(owner)).toEqual({});
      expect(await owner.committedOffset()).toBeUndefined();
      expect(await harness.outputs()).toEqual([]);
    });

    it('shows nothing of a transaction whose writer died, and continues', async () => {
      await harness.dieInside({ outputs: [output('a', 'dead')], changelog: [state('a', 'dead')], nextOffset: 4 });
      const owner = await fenced();
      expect(await restored(owner)).toEqual({});
      expect(await owner.committedOffset()).toBeUndefined();
      await commit(owner, { outputs: [output('b', 'alive')], changelog: [state('b', '1')], nextOffset: 2 });
      expect(await harness.outputs()).toEqual([{ key: 'b', value: 'alive' }]);
      expect(await restored(await fenced())).toEqual({ b: '1' });
    });

    it('commits as a whole or not at all when it is fenced meanwhile', async () => {
      const commits: { readonly value: string; readonly committed: boolean | undefined }[] = [];
      for (let i = 1; i <= 8; i += 1) {
        const value = String(i);
        const zombie = await fenced();
        const transaction = { outputs: [output('a', value)], changelog: [state('a', value)], nextOffset: i };
        const [committed, owner] = await Promise.all([outcomeOf(commit(zombie, transaction)), fenced()]);
        commits.push({ value, committed });
        const seen = (await harness.outputs()).at(-1)?.value;
        expect((await restored(owner))['a']).toBe(seen);
        expect(await owner.committedOffset()).toBe(seen === undefined ? undefined : Number(seen));
        if (committed !== undefined) expect(seen === value).toBe(committed);
      }
      const visible = new Set((await harness.outputs()).map(({ value }) => value));
      for (const { value, committed } of commits)
        if (committed !== undefined) expect(visible.has(value)).toBe(committed);
    });

    it('restores a zombie up to its own takeover only', async () => {
      const first = await fenced();
      await commit(first, { outputs: [], changelog: [state('a', '1')] });
      const zombie = await fenced();
      const owner = await fenced();
      await commit(owner, { outputs: [], changelog: [state('b', '2')] });
      expect(await restored(zombie)).toEqual({ a: '1' });
    });

    it('commits an offset alone, repeatedly, and returns it at once', async () => {
      const log = await fenced();
      for (let nextOffset = 1; nextOffset <= 20; nextOffset += 1) {
        const { appendedAt } = await commit(log, { outputs: [], changelog: [], nextOffset });
        expect(appendedAt).toBeDefined();
        expect(await log.committedOffset()).toBe(nextOffset);
      }
    });

    it('returns no time when only outputs were written', async () => {
      const log = await fenced();
      expect(await commit(log, { outputs: [output('a', '1')], changelog: [] })).toEqual({ appendedAt: undefined });
    });

    it("returns the broker's time in its receipts", async () => {
      const before = harness.brokerNow();
      const log = await fenced();
      const { appendedAt } = await commit(log, { outputs: [], changelog: [] });
      expect(appendedAt).toBeGreaterThanOrEqual(before);
      expect(appendedAt).toBeLessThanOrEqual(harness.brokerNow());
    });

    it('keeps the order of outputs while some of them are being sent', async () => {
      const log = await fenced();
      for (let transaction = 0; transaction < 3; transaction += 1) {
        await appendMany(log, (i) => output(`s-${transaction}`, text(i)));
        await log.commit({ changelog: [state('a', String(transaction))], nextOffset: transaction + 1 });
      }
      const expected = [0, 1, 2].flatMap((transaction) =>
        Array.from({ length: MANY }, (_, i) => ({ key: `s-${transaction}`, value: text(i) })),
      );
      expect(await harness.outputs()).toEqual(expected);
      expect(await log.committedOffset()).toBe(3);
    });

    it('shows no outputs that were being sent when another owner took over', async () => {
      const zombie = await fenced();
      await appendMany(zombie, (i) => output('zombie', text(i)));
      const owner = await fenced();
      await appendMany(zombie, (i) => output('zombie', text(i)));
      await expect(zombie.commit({ changelog: [state('a', 'zombie')], nextOffset: 1 })).rejects.toThrow(FencedError);
      await commit(owner, { outputs: [output('b', '2')], changelog: [], nextOffset: 2 });
      expect(await harness.outputs()).toEqual([{ key: 'b', value: '2' }]);
      expect(await restored(owner)).toEqual({});
    });

    it('does not make readers wait for outputs that were being sent when it was closed', async () => {
      const log = await fenced();
      await appendMany(log, (i) => output('closed', text(i)));
      await log.close();
      expect(await harness.outputs()).toEqual([]);
      const owner = await fenced();
      expect(await restored(owner)).toEqual({});
      await commit(owner, { outputs: [output('b', '2')], changelog: [], nextOffset: 2 });
      expect(await harness.outputs()).toEqual([{ key: 'b', value: '2' }]);
    });

    it('accepts a transaction larger than one produce request', async () => {
      const log = await fenced();
      const large = 'x'.repeat(3 * 1024 * 1024);
      await commit(log, {
        outputs: ['a', 'b', 'c', 'd'].map((key) => output(key, large)),
        changelog: [state('a', large)],
        nextOffset: 4,
      });
      expect((await harness.outputs()).map(({ key, value }) => [key, value.length])).toEqual(
        ['a', 'b', 'c', 'd'].map((key) => [key, large.length]),
      );
    });
  });
}

/** Several batches of records. */
const MANY = 600;
const text = (i: number): string => `${i} `.padEnd(2_000, 'x');

/** Appends many outputs, while requests are sent and answers arrive. */
async function appendMany(log: PartitionLog, record: (i: number) => OutputRecord): Promise<void> {
  for (let i = 0; i < MANY; i += 1) {
    log.append(record(i));
    if (i % 10 === 0) await delay(1);
  }
}

async function commit(log: PartitionLog, { outputs, ...rest }: TaskTransaction): Promise<CommitReceipt> {
  for (const output of outputs) log.append(output);
  return log.commit(rest);
}

/** Whether the commit took place; `undefined` when its writer cannot know. */
async function outcomeOf(committed: Promise<unknown>): Promise<boolean | undefined> {
  try {
    await committed;
    return true;
  } catch (error) {
    if (error instanceof TransactionFailedError) return undefined;
    if (error instanceof FencedError) return false;
    throw error;
  }
}
