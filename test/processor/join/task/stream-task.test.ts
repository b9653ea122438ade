import { describe, expect, it, vi } from 'vitest';
import { FencedError, TransactionFailedError } from '../../../../infra/kafka/transaction/errors.js';
import { MAX_RECORD_BYTES } from '../../../../infra/kafka/topics/topic-layout.js';
import type { SessionEventValue } from '../../../../schemas/validators.js';
import {
  callEnded,
  callFinalized,
  recordingArchived,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../rules/session-events.js';
import { T0, at, minutes } from '../rules/session-script.js';
import { TOPICS, TaskHarness, encodeEvent } from './task-harness.js';

// Ends a test that waits forever. Thousands of records take seconds on an idle machine, and minutes on a busy one.
vi.setConfig({ testTimeout: 600_000 });

describe('a task', () => {
  it('writes the joined record with its CloudEvents headers', async () => {
    const h = new TaskHarness();
    h.append(sessionEnded(), callFinalized(), recordingReady(), recordingArchived());
    await h.feed(await h.open());
    expect(h.written).toMatchObject([
      { topic: 'session.complete', id: 's-1:complete:1', record: { recording: { outcome: 'archived' } } },
    ]);
    expect(h.partition.outputs[0]?.headers).toMatchObject({
      ce_type: 'session.complete',
      ce_source: '/processor/join',
    });
    expect(h.partition.committed).toBe(4);
  });

  it('continues with the state and position of the last owner', async () => {
    const h = new TaskHarness();
    h.append(sessionEnded(), callFinalized());
    await h.feed(await h.open());
    h.append(recordingReady(), recordingArchived());
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1']);
  });

  it('starts from everything that the last owner committed before it was fenced', async () => {
    const h = new TaskHarness();
    h.append(textFinalized());
    const last = await h.open();
    const log = h.partition.log();
    h.partition.log = () => ({ ...log, fence: () => h.feed(last).then(() => log.fence()) });
    const task = await h.open();
    expect(task.nextOffset).toBe(1);
    expect(task.counts.completed).toBe(1);
  });

  it('skips processed records when the consumer starts too early', async () => {
    const h = new TaskHarness({ retentionMs: 1 });
    h.append(textFinalized());
    await h.feed(await h.open());
    const task = await h.open();
    h.partition.brokerNow += minutes(10);
    await h.punctuate(task);
    await h.feed(task, 0);
    expect(h.ids).toEqual(['s-1:complete:1']);
    expect(h.partition.changelog.size).toBe(0);
  });

  it('commits the position behind records without effect', async () => {
    const h = new TaskHarness();
    h.append(textFinalized(), textFinalized());
    const task = await h.open();
    await h.feed(task, 0, 1);
    await h.feed(task, 1, 2);
    expect(h.partition.committed).toBe(2);
  });

  it('moves past offsets without records, and never back', async () => {
    const h = new TaskHarness();
    h.append(textFinalized());
    const task = await h.open();
    await h.feed(task, 0, 1);
    await task.process([], 5);
    expect(h.partition.committed).toBe(5);
    await task.process([], 4);
    expect(h.partition.committed).toBe(5);
  });

  it('is fenced by a newer one', async () => {
    const h = new TaskHarness();
    const zombie = await h.open();
    await h.open();
    h.append(textFinalized());
    await expect(h.feed(zombie)).rejects.toThrow(FencedError);
    expect(h.written).toEqual([]);
  });

  it.each(['failed', 'lost-answer'] as const)('loses and repeats nothing when a commit ends with: %s', async (fate) => {
    const h = new TaskHarness();
    h.append(textFinalized());
    const task = await h.open();
    h.partition.fate = fate;
    await expect(h.feed(task)).rejects.toThrow(TransactionFailedError);
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1']);
  });
});

describe('timers (join rule 7)', () => {
  it('fire before a later record, however late it is read', async () => {
    const h = new TaskHarness();
    h.append(callFinalized());
    h.partition.brokerNow += minutes(90);
    h.append(textFinalized({ sessionId: 's-2' }));
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1', 's-2:complete:1']);
    expect(h.written[0]?.record).toMatchObject({ completedAt: new Date(T0 + minutes(15)).toISOString() });
  });

  it('do not overtake the backlog after a downtime, so a recording in it counts', async () => {
    const h = new TaskHarness();
    h.append(callFinalized());
    await h.feed(await h.open());
    h.partition.brokerNow += minutes(3);
    h.append(recordingReady(), recordingArchived());
    h.partition.brokerNow += minutes(60);
    const task = await h.open();
    await h.punctuate(task);
    expect(h.ids).toEqual([]);
    await h.feed(task);
    await h.punctuate(task);
    expect(h.written).toMatchObject([{ id: 's-1:complete:1', record: { recording: { outcome: 'archived' } } }]);
  });

  it('fire once on an idle partition whose end has been reached', async () => {
    const h = new TaskHarness();
    h.append(callFinalized());
    const task = await h.open();
    await h.feed(task);
    h.partition.brokerNow += minutes(15);
    await h.punctuate(task);
    expect(h.ids).toEqual([]);
    h.partition.brokerNow += 1;
    await h.punctuate(task);
    await h.punctuate(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1']);
  });

  it('survive a restart', async () => {
    const h = new TaskHarness();
    h.append(sessionEnded());
    await h.feed(await h.open());
    const task = await h.open();
    expect(task.nextDueAt()).toBe(T0 + minutes(60));
    h.partition.brokerNow += minutes(61);
    await h.punctuate(task);
    expect(h.ids).toEqual(['s-1:incomplete:1']);
  });

  it('are split over several transactions on an idle partition', async () => {
    const h = new TaskHarness();
    for (let i = 0; i < 4_500; i += 1) h.append(callFinalized({ sessionId: `s-${i}` }));
    const task = await h.open();
    await h.feed(task);
    h.partition.brokerNow += minutes(16);
    await h.punctuate(task);
    expect(new Set(h.ids).size).toBe(4_500);
  });

  it('are split over several transactions before a later record, too', async () => {
    const h = new TaskHarness();
    for (let i = 0; i < 4_500; i += 1) h.append(callFinalized({ sessionId: `s-${i}` }));
    await h.feed(await h.open());
    h.partition.brokerNow += minutes(16);
    h.append(textFinalized({ sessionId: 'later' }));
    const task = await h.open();
    const commits = h.watchCommits();
    await h.feed(task);
    expect(commits.map(({ outputs, nextOffset }) => ({ outputs: outputs.length, nextOffset }))).toEqual([
      { outputs: 2_000, nextOffset: undefined },
      { outputs: 2_000, nextOffset: undefined },
      { outputs: 501, nextOffset: 4_501 },
    ]);
    expect(new Set(h.ids).size).toBe(4_501);
  });

  it('forget the session at the end of the retention, also in the changelog', async () => {
    const h = new TaskHarness();
    h.append(textFinalized());
    const task = await h.open();
    await h.feed(task);
    expect(h.partition.changelog.size).toBe(1);
    h.partition.brokerNow += h.rules.retentionMs + 1;
    await h.punctuate(task);
    expect(h.partition.changelog.size).toBe(0);
    expect(task.counts).toEqual({ open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 });
  });
});

const MIB = 1024 * 1024;

describe('large records', () => {
  /** An event whose text `"HERE"` is replaced. */
  const raw = (event: SessionEventValue, text: string): Buffer => {
    const encoded = encodeEvent(event);
    const json = encoded.subarray(5).toString().replace('"HERE"', text);
    return Buffer.concat([encoded.subarray(0, 5), Buffer.from(json)]);
  };
  const variables = { extractedVariables: { large: 'HERE' } };

  it('are joined up to the size that the ingress accepts', async () => {
    const h = new TaskHarness();
    const text = `"${'x'.repeat(MAX_RECORD_BYTES - 65 * 1024)}"`;
    h.partition.append('s-1', raw(sessionEnded(variables), text));
    h.partition.append('s-1', raw(callFinalized(variables), text));
    h.append(recordingArchived());
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1']);
    expect(Math.max(...h.partition.outputs.map(({ value }) => value.length))).toBeLessThan(MAX_RECORD_BYTES);
  });

  it('become dead letters when their output would exceed the topic limit, and the session continues', async () => {
    const h = new TaskHarness();
    const numbers = `[${'1e20,'.repeat((2 * MIB) / 5)}1]`;
    h.partition.append('s-1', raw(textFinalized(variables), numbers));
    h.append(textFinalized({ timestamp: at(3) }));
    await h.feed(await h.open());
    expect(h.ids).toEqual(['too_large', 's-1:complete:1']);
    expect(h.partition.outputs[0]?.value.length).toBeGreaterThan(2 * MIB);
  });

  it('become dead letters when the session as a whole would exceed the limit', async () => {
    const h = new TaskHarness();
    const text = 'x'.repeat(5 * MIB);
    h.append(sessionEnded({ extractedVariables: { text } }), callEnded({ callStatus: text }));
    const task = await h.open();
    await h.feed(task);
    h.partition.brokerNow += minutes(61);
    await h.punctuate(task);
    expect(h.ids).toEqual(['too_large', 's-1:incomplete:1']);
  });

  it('are split into transactions that fit in memory', async () => {
    const h = new TaskHarness();
    for (let i = 0; i < 12; i += 1) {
      h.append(textFinalized({ sessionId: `s-${i}`, extractedVariables: { text: 'x'.repeat(4 * MIB) } }));
    }
    let commits = 0;
    const log = h.partition.log();
    h.partition.log = () => ({ ...log, commit: (transaction) => ((commits += 1), log.commit(transaction)) });
    await h.feed(await h.open());
    expect(commits).toBeGreaterThan(4);
    expect(h.ids).toEqual(Array.from({ length: 12 }, (_, i) => `s-${i}:complete:1`));
  });
});

/** A session.finalized whose extractedVariables have this many levels. */
function deep(levels: number): Buffer {
  const nested = '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
  const json = JSON.stringify(textFinalized({ extractedVariables: { deep: 'here' } })).replace(
    '{"deep":"here"}',
    nested,
  );
  return Buffer.concat([encodeEvent(textFinalized()).subarray(0, 5), Buffer.from(json)]);
}

describe('records that cannot be joined', () => {
  it.each([
    ['not_wire_format', 's-1', Buffer.from('{"event":"session.ended"}')],
    ['not_json', 's-1', Buffer.concat([encodeEvent(textFinalized()), Buffer.from('}')])],
    ['schema', 's-1', encodeEvent(textFinalized({ messagesCount: -1 }))],
    ['too_deep', 's-1', deep(1_001)],
    ['key_mismatch', 's-2', encodeEvent(textFinalized())],
    ['key_mismatch', null, encodeEvent(textFinalized())],
    ['tombstone', 's-1', null],
  ])('%s: the record becomes a dead letter, and the partition continues', async (reason, key, value) => {
    const h = new TaskHarness();
    h.partition.append(key, value);
    h.append(textFinalized());
    await h.feed(await h.open());
    expect(h.written.map(({ topic, id }) => [topic, id])).toEqual([
      [TOPICS.deadLetter, reason],
      [TOPICS.complete, 's-1:complete:1'],
    ]);
    expect(h.partition.outputs[0]).toMatchObject({ key, value: value ?? Buffer.alloc(0) });
    expect(h.partition.outputs[0]?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: `${key ?? ''}:session.dead-letter:0-0`,
      ce_type: 'session.dead-letter',
      ce_source: '/processor/join',
      ce_time: at(0),
      reason,
      errors: expect.any(String) as string,
      'received-at': at(0),
      'remote-address': '',
      'source-offset': '0',
    });
  });

  it('variables at the nesting limit are joined', async () => {
    const h = new TaskHarness();
    h.partition.append('s-1', deep(1_000));
    await h.feed(await h.open());
    expect(h.ids).toEqual(['s-1:complete:1']);
  });

  it('a schema id is not a reason: a value that fits our schema is joined under any id', async () => {
    const h = new TaskHarness();
    const ids = [0, 1, 99, 0xffff_ffff];
    for (const id of ids) h.partition.append(`s-${id}`, encodeEvent(textFinalized({ sessionId: `s-${id}` }), id));
    await h.feed(await h.open());
    expect(h.ids).toEqual(ids.map((id) => `s-${id}:complete:1`));
  });
});
