import { beforeEach, describe, expect, it } from 'vitest';
import { FencedError } from '../../infra/kafka/errors.js';
import type { OutputRecord, PartitionLog } from '../../processor/task/partition-log.js';

/** One partition, empty at first. */
export type PartitionHarness = {
  readonly open: () => PartitionLog;
  readonly outputTopic: string;
  /** The output records that a read_committed consumer sees, in order. */
  readonly outputs: () => Promise<readonly { readonly key: string | null; readonly value: string }[]>;
  readonly brokerNow: () => number;
};

/** What a task relies on, held against the fake and the real broker alike. */
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

    it('hands states, tombstones and the offset on to the next owner', async () => {
      const first = await fenced();
      await first.commit({ outputs: [], changelog: [state('a', '1'), state('b', '1')], nextOffset: 5 });
      await first.commit({
        outputs: [],
        changelog: [state('a', '2'), state('b', null), state('c', '3')],
        nextOffset: 9,
      });
      const second = await fenced();
      expect(await restored(second)).toEqual({ a: '2', c: '3' });
      expect(await second.committedOffset()).toBe(9);
    });

    it('ends a restore with what the task makes of a state that it cannot read', async () => {
      const first = await fenced();
      await first.commit({ outputs: [], changelog: [state('a', '1'), state('b', '1')], nextOffset: 1 });
      const second = await fenced();
      const error = new Error('cannot be read');
      const restore = async (): Promise<void> =>
        second.restore(() => {
          throw error;
        });
      await expect(restore()).rejects.toBe(error);
    });

    it('leaves the offset where it was when a transaction consumed nothing', async () => {
      const log = await fenced();
      await log.commit({ outputs: [output('a', 'x')], changelog: [], nextOffset: 7 });
      await log.commit({ outputs: [output('b', 'y')], changelog: [state('b', '1')] });
      expect(await log.committedOffset()).toBe(7);
      expect(await harness.outputs()).toEqual([
        { key: 'a', value: 'x' },
        { key: 'b', value: 'y' },
      ]);
    });

    it('lets a zombie write nothing', async () => {
      const zombie = await fenced();
      await zombie.commit({ outputs: [output('a', '1')], changelog: [state('a', '1')], nextOffset: 1 });
      const owner = await fenced();
      await expect(
        zombie.commit({ outputs: [output('a', 'zombie')], changelog: [state('a', 'zombie')], nextOffset: 2 }),
      ).rejects.toThrow(FencedError);
      await owner.commit({ outputs: [output('b', '2')], changelog: [], nextOffset: 3 });
      expect(await harness.outputs()).toEqual([
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ]);
      const next = await fenced();
      expect(await restored(next)).toEqual({ a: '1' });
      expect(await next.committedOffset()).toBe(3);
    });

    it("shows the broker's clock in its receipts", async () => {
      const before = harness.brokerNow();
      const log = await fenced();
      const { appendedAt } = await log.commit({ outputs: [], changelog: [] });
      expect(appendedAt).toBeGreaterThanOrEqual(before);
      expect(appendedAt).toBeLessThanOrEqual(harness.brokerNow());
    });

    it('takes a transaction larger than one produce request', async () => {
      const log = await fenced();
      const large = 'x'.repeat(3 * 1024 * 1024);
      await log.commit({
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
