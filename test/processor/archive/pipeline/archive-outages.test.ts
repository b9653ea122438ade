import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { warnOfDeadlines } from '../../../../processor/archive/pipeline/deadline-warnings.js';
import { sha256 } from '../recording/audio-samples.js';
import { cutAfter, stallAfter, status, whole } from '../source/faulty-source.js';
import { archivePipeline, BODY } from './pipeline-harness.js';

describe('an error of ours', () => {
  it('is logged without its message, and ends as internal_error', async () => {
    const { accept, settled, outcomes, logged } = await archivePipeline({
      lifetimeMs: 1_000,
      open: () => Promise.reject(new TypeError('a bug that quotes very-secret')),
    });
    accept('s-1', 'http://127.0.0.1:9/a');
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'internal_error' }]);
    expect(logged.join()).toContain('archive-outages.test');
    expect(logged.join()).not.toContain('very-secret');
  });
});

describe('trouble with the store', () => {
  it('costs no link: what is downloaded waits on disk, beyond the end of its link', async () => {
    const { source, store, accept, settled, pipeline, outcomes, leftOvers, relief } = await archivePipeline({
      lifetimeMs: 2_000,
    });
    store.trouble = 'away';
    // By our count the links are dead: they are good for one try.
    for (let n = 0; n < 10; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)), 2_000);
    await vi.waitFor(() => expect(leftOvers()).toHaveLength(10), { interval: 5 });
    await vi.waitFor(() => expect(pipeline.gauges()).toMatchObject({ downloads: 0, tightestMs: undefined }));
    // So reading goes on, if it was paused for them.
    expect(relief.count).toBe(10);
    source.stop();
    store.trouble = undefined;
    await settled(10);
    expect(outcomes().every(({ event }) => event === 'recording.archived')).toBe(true);
    expect(leftOvers()).toEqual([]);
  });

  it('that hangs holds up no more than the first downloads', async () => {
    const { source, store, accept, pipeline } = await archivePipeline({ concurrency: 2 });
    store.trouble = 'hanging';
    const begun = Date.now();
    for (let n = 0; n < 40; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)));
    await vi.waitFor(() => expect(pipeline.gauges()).toMatchObject({ spilled: 40 }), { timeout: 15_000 });
    // One look takes two seconds, 40 of them by two would take 40.
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(pipeline.gauges()).toMatchObject({ downloads: 0, spilledBytes: 40 * BODY.length, tightestMs: undefined });
    store.trouble = undefined;
    await pipeline.stop();
  });

  it.each([
    ['away', 'store_unavailable'],
    ['refusing', 'store_refused'],
  ] as const)('that is %s for too long is %s', async (trouble, reason) => {
    const { source, store, accept, settled, outcomes, leftOvers } = await archivePipeline({ lifetimeMs: 1_000 });
    store.trouble = trouble;
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason }]);
    expect(leftOvers()).toEqual([]);
  });

  it('is not made worse by those who wait for it', async () => {
    const { source, store, accept, settled, pipeline, logged, outcomes } = await archivePipeline({ lifetimeMs: 4_000 });
    store.trouble = 'away';
    for (let n = 0; n < 200; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)));
    await vi.waitFor(() => expect(pipeline.gauges()).toMatchObject({ spilled: 200, downloads: 0 }), {
      timeout: 10_000,
    });
    // Each for itself would have tried at least twice while the others were downloaded.
    expect(store.puts).toBeLessThan(200);
    expect(logged.filter((line) => line.includes('a try to store failed')).length).toBeLessThanOrEqual(store.puts);
    store.trouble = undefined;
    await settled(200);
    expect(outcomes().every(({ event }) => event === 'recording.archived')).toBe(true);
  });

  it.each<[string, (file: string) => void]>([
    ['removed', (file) => rmSync(file)],
    ['cut', (file) => truncateSync(file, 100)],
    ['changed', (file) => writeFileSync(file, Buffer.alloc(BODY.length))],
  ])('is not waited for with a file that somebody has %s', async (_, harm) => {
    const { source, store, accept, settled, outcomes, leftOvers, spillRoot } = await archivePipeline();
    store.trouble = 'away';
    accept('s-1', source.serve('/a', whole(BODY)));
    await vi.waitFor(() => expect(store.puts).toBeGreaterThan(0));
    harm(join(spillRoot, String(leftOvers()[0])));
    store.trouble = undefined;
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'spill_failed' }]);
    expect(store.objects.size).toBe(0);
  });

  it('is asked about a file that is broken: an upload may have come through unanswered', async () => {
    const { source, store, accept, settled, outcomes, leftOvers, spillRoot } = await archivePipeline();
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    const stored = new Map(store.objects);
    store.objects.clear();
    store.trouble = 'away';
    accept('s-1', source.serve('/b', whole(BODY)));
    await vi.waitFor(() => expect(store.puts).toBeGreaterThan(1));
    rmSync(join(spillRoot, String(leftOvers()[0])));
    for (const [key, object] of stored) store.objects.set(key, object);
    store.trouble = undefined;
    await settled(2);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }, { event: 'recording.archived' }]);
  });

  it('that has lost its bucket is mended', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    store.hasBucket = false;
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }]);
  });
});

describe('a restart while the store is away', () => {
  it('costs no recording that is on disk, whether its link is dead or not', async () => {
    const first = await archivePipeline({ lifetimeMs: 2_000 });
    first.store.trouble = 'away';
    for (let n = 0; n < 5; n += 1) first.accept(`s-${n}`, first.source.serve(`/${n}`, whole(BODY)));
    await vi.waitFor(() => expect(first.pipeline.gauges()).toMatchObject({ spilled: 5, downloads: 0 }));
    await first.pipeline.stop();
    await first.spills.close();
    expect(first.outcomes()).toEqual([]);
    expect(first.leftOvers()).toHaveLength(5);
    first.source.stop();

    const second = await archivePipeline({ lifetimeMs: 2_000, spillRoot: first.spillRoot });
    for (let n = 0; n < 5; n += 1) second.accept(`s-${n}`, 'http://127.0.0.1:9/dead', 60_000);
    await second.settled(5);
    expect(second.outcomes().map(({ event }) => event)).toEqual(Array(5).fill('recording.archived'));
    expect([...second.store.objects.values()].every(({ bytes }) => bytes.equals(BODY))).toBe(true);
    await second.spills.tidy();
    await second.spills.close();
    expect(readdirSync(first.spillRoot)).toEqual([]);
  });

  it('calls nothing lost that may have been archived before it', async () => {
    const first = await archivePipeline({ lifetimeMs: 2_000 });
    first.accept('s-1', first.source.serve('/a', whole(BODY)));
    await first.settled(1);
    // The outcome did not reach the log: the recording is read again, with its link dead and the store away.
    first.store.trouble = 'away';
    first.accept('s-1', first.source.serve('/dead', status(403)), 1_000);
    first.accept('s-2', first.source.serve('/dead', status(403)));
    await vi.waitFor(() => expect(first.source.count('/dead')).toBeGreaterThanOrEqual(2));
    expect(first.outcomes()).toHaveLength(1);
    first.store.trouble = undefined;
    await first.settled(3);
    const reasons = first.outcomes().map(({ sessionId, ...event }) => [sessionId, event['reason'] ?? event.event]);
    expect(reasons.slice(1).sort()).toEqual([
      ['s-1', 'recording.archived'],
      ['s-2', 'expired'],
    ]);
  });

  it('keeps nobody waiting who asks whether a recording is lost', async () => {
    const { source, store, accept, pipeline } = await archivePipeline({ lifetimeMs: 8_000, concurrency: 1 });
    store.trouble = 'hanging';
    accept('s-1', source.serve('/dead', status(403)), 60_000);
    await vi.waitFor(() => expect(pipeline).toMatchObject({ unfetched: 0, pending: 1 }), { timeout: 10_000 });
    for (let n = 2; n < 10; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)), 0, true);
    await vi.waitFor(() => expect(pipeline.gauges()).toMatchObject({ spilled: 8, pending: 9 }));
    store.trouble = undefined;
  });

  it('is waited out for the life of a link by what should have been given up before it', async () => {
    const { source, store, accept, settled, pipeline, outcomes } = await archivePipeline({ lifetimeMs: 2_000 });
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    store.trouble = 'away';
    accept('s-1', source.serve('/dead', status(403)), 3_600_000);
    await vi.waitFor(() => expect(pipeline).toMatchObject({ unfetched: 0, pending: 1 }));
    store.trouble = undefined;
    await settled(2);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }, { event: 'recording.archived' }]);
  });

  it('delays the loss of what is new no further than the join waits', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline({ lifetimeMs: 3_000 });
    store.trouble = 'away';
    const begun = Date.now();
    accept('s-1', source.serve('/dead', status(403)), 0, true);
    await settled(1);
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'expired' }]);
  });

  it('does not make a loss of what another owner waits with on disk', async () => {
    const first = await archivePipeline({ lifetimeMs: 20_000 });
    first.store.trouble = 'away';
    const second = await archivePipeline({ lifetimeMs: 20_000, spillRoot: first.spillRoot });
    second.store.trouble = 'away';
    second.accept('s-1', second.source.serve('/dead', status(403)), 3_600_000);
    await vi.waitFor(() => expect(second.pipeline).toMatchObject({ unfetched: 0, pending: 1 }), { timeout: 10_000 });
    first.accept('s-1', first.source.serve('/a', whole(BODY)));
    await vi.waitFor(() => expect(second.pipeline.gauges().spilled).toBe(1), { timeout: 10_000 });
    await first.pipeline.stop();
    second.store.trouble = undefined;
    await second.settled(1);
    expect(second.outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
  });

  it('is waited out again, also by what should have been given up meanwhile', async () => {
    const first = await archivePipeline({ lifetimeMs: 2_000 });
    first.store.trouble = 'away';
    first.accept('s-1', first.source.serve('/a', whole(BODY)));
    await vi.waitFor(() => expect(first.pipeline.gauges().spilled).toBe(1));
    await first.pipeline.stop();
    const second = await archivePipeline({ lifetimeMs: 2_000, spillRoot: first.spillRoot });
    second.store.trouble = 'away';
    second.accept('s-1', 'http://127.0.0.1:9/dead', 3_600_000);
    await vi.waitFor(() => expect(second.logged.join()).toContain('a try to store failed'));
    second.store.trouble = undefined;
    await second.settled(1);
    expect(second.outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
  });
});

describe('trouble with Kafka', () => {
  it('holds the offset until the outcome is in the log', async () => {
    const { source, accept, settled, kafka, lease, store, outcomes } = await archivePipeline();
    kafka.isAway = true;
    accept('s-1', source.serve('/a', whole(BODY)));
    await vi.waitFor(() => expect(store.objects.size).toBe(1));
    expect(lease.offsets.position).toBe(0);
    kafka.isAway = false;
    await settled(1);
    expect(outcomes()).toHaveLength(1);
    expect(lease.offsets.position).toBe(1);
  });
});

describe('partitions that go and roles that stop', () => {
  it('drops what may be lost: its new owner asks the store', async () => {
    const { source, store, accept, pipeline, lease, outcomes } = await archivePipeline({ lifetimeMs: 2_000 });
    store.trouble = 'away';
    accept('s-1', source.serve('/dead', status(403)), 60_000);
    await vi.waitFor(() => expect(pipeline).toMatchObject({ unfetched: 0, pending: 1 }));
    lease.revoke();
    pipeline.dropRevoked();
    await vi.waitFor(() => expect(pipeline.pending).toBe(0), { timeout: 10_000 });
    expect(outcomes()).toEqual([]);
  });

  it('drops what has not begun, and finishes the rest', async () => {
    const { source, accept, settled, pipeline, lease, outcomes } = await archivePipeline({ concurrency: 1 });
    accept('s-1', source.serve('/a', whole(BODY)));
    accept('s-2', source.serve('/b', whole(BODY)));
    lease.revoke();
    pipeline.dropRevoked();
    await settled(1);
    expect(outcomes().map(({ sessionId }) => sessionId)).toEqual(['s-1']);
    expect(source.count('/b')).toBe(0);
  });

  it('breaks off what is under way, without an outcome, and keeps its offset', async () => {
    const { source, accept, pipeline, lease, outcomes, leftOvers } = await archivePipeline();
    accept('s-1', source.serve('/a', stallAfter(BODY, 1_000)));
    await vi.waitFor(() => expect(leftOvers()).toHaveLength(1), { interval: 5 });
    await pipeline.stop();
    expect(outcomes()).toEqual([]);
    expect(lease.offsets.position).toBe(0);
    expect(leftOvers()).toEqual([]);
  });
});

describe('what can be seen from outside', () => {
  it('warns once of links that are about to die', async () => {
    const { source, accept, pipeline, logged, logger } = await archivePipeline({ lifetimeMs: 20_000 });
    accept('s-1', source.serve('/a', stallAfter(BODY, 100)), 18_000);
    accept('s-2', source.serve('/b', stallAfter(BODY, 100)));
    for (let n = 0; n < 2; n += 1) warnOfDeadlines(pipeline.fetchTasks(), Date.now(), 4_000, logger);
    const warnings = logged.filter((line) => line.includes('about to die'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({ recordings: 1, sessionIds: ['s-1'] });
    expect(pipeline.gauges().tightestMs).toBeLessThan(2_000);
    await pipeline.stop();
  });

  it('tells how much life links had left, and which is the tightest', async () => {
    const { source, accept, settled, registry, pipeline } = await archivePipeline({ lifetimeMs: 100_000 });
    accept('s-1', source.serve('/a', whole(BODY)), 10_000);
    accept('s-2', source.serve('/b', status(503), whole(BODY)), 80_000);
    accept('s-3', source.serve('/c', whole(BODY)), 200_000);
    await settled(3);
    accept('s-4', source.serve('/d', stallAfter(BODY, 100)), 30_000);
    accept('s-5', source.serve('/e', stallAfter(BODY, 100)), 60_000);
    const read = await registry.metrics();
    // Dead, 20 s, 90 s; and the two under way once they have begun.
    expect(read).toMatch(/archive_seconds_left_at_finish_bucket\{le="0"\} 1\n/);
    expect(read).toMatch(/archive_seconds_left_at_finish_bucket\{le="30"\} 2\n/);
    expect(read).toMatch(/archive_seconds_left_at_finish_bucket\{le="120"\} 3\n/);
    await vi.waitFor(async () => expect(await registry.metrics()).toMatch(/archive_seconds_left_at_start_count 5\n/));
    const tightest = Number(/^archive_tightest_deadline_seconds (\S+)/m.exec(await registry.metrics())?.[1]);
    expect(tightest).toBeGreaterThan(25);
    expect(tightest).toBeLessThan(35.1);
    await pipeline.stop();
  });

  it('holds nothing of a link: no log line, no record, no metric', async () => {
    const { source, accept, settled, logged, outcomes, registry, store } = await archivePipeline({ lifetimeMs: 1_000 });
    accept('s-1', source.serve('/secret-path-ok', whole(BODY)));
    accept('s-2', source.serve('/secret-path-500', status(500)));
    accept('s-3', source.serve('/secret-path-cut', cutAfter(BODY, 100)));
    accept('s-4', 'https://secret-path.example/secret-path?token=very-secret');
    accept('s-5', 'secret-path: no link');
    accept('s-6', source.serve('/secret-path-loop', status(302, { location: '/secret-path-loop' })));
    await settled(6);
    const seen = [
      logged.join(),
      JSON.stringify(outcomes()),
      await registry.metrics(),
      [...store.objects.keys()].join(),
    ];
    for (const text of seen) {
      expect(text).not.toContain('secret-path');
      expect(text).not.toContain('very-secret');
      expect(text).not.toContain(source.host);
    }
  });
});
