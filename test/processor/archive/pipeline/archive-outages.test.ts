import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../recording/audio-samples.js';
import { stallAfter, status, whole } from '../source/faulty-source.js';
import { archivePipeline, BODY } from './pipeline-harness.js';

const HOUR_MS = 3_600_000;
const UPLOAD_FAILED = 'upload to the object store failed; retrying';

describe('an object store in trouble', () => {
  it('costs no link: downloaded recordings wait on disk, beyond the end of their links', async () => {
    const { source, store, accept, settled, pipeline, outcomes, leftOvers, loadReductions, until } =
      await archivePipeline({ lifetimeMs: 2_000 });
    store.trouble = 'away';
    // These links should have expired, so they get one attempt.
    for (let n = 0; n < 10; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)), 2_000);
    await until(() => expect(leftOvers()).toHaveLength(10));
    await until(() => expect(pipeline.gauges()).toMatchObject({ downloads: 0, tightestMs: undefined }));
    // Reading, if it was paused, could resume.
    expect(loadReductions.count).toBe(10);
    source.stop();
    store.trouble = undefined;
    await settled(10);
    expect(outcomes().every(({ event }) => event === 'recording.archived')).toBe(true);
    expect(leftOvers()).toEqual([]);
  });

  it('delays only the first downloads when it hangs', async () => {
    const { source, store, accept, pipeline, clock, until } = await archivePipeline({ concurrency: 2 });
    store.trouble = 'hanging';
    for (let n = 0; n < 40; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)));
    await until(() => expect(store.looks).toBe(2));
    await clock.advance(2_000);
    await until(() => expect(pipeline.gauges()).toMatchObject({ downloads: 0, spilled: 40 }));
    expect(store.looks).toBe(2);
    expect(pipeline.gauges()).toMatchObject({ spilledBytes: 40 * BODY.length, tightestMs: undefined });
    store.trouble = undefined;
    await pipeline.stop();
  });

  it.each([
    ['away', 'store_unavailable'],
    ['refusing', 'store_refused'],
  ] as const)('that is %s for too long fails the recording as %s', async (trouble, reason) => {
    const { source, store, accept, settled, outcomes, leftOvers } = await archivePipeline({ lifetimeMs: 1_000 });
    store.trouble = trouble;
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason }]);
    expect(leftOvers()).toEqual([]);
  });

  it('is not overloaded by the recordings that wait for it', async () => {
    const { source, store, accept, settled, pipeline, logged, outcomes, until } = await archivePipeline({
      lifetimeMs: 4_000,
      concurrency: 4,
    });
    store.trouble = 'away';
    for (let n = 0; n < 200; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)));
    await until(() => expect(pipeline.gauges()).toMatchObject({ spilled: 200, downloads: 0, uploads: 0 }));
    // Four failures may be due to single recordings, and four uploads may be active when the fifth failure pauses them.
    expect(store.puts).toBeLessThanOrEqual(8);
    expect(logged.filter((line) => line.includes(UPLOAD_FAILED))).toHaveLength(store.puts);
    store.trouble = undefined;
    await settled(200);
    expect(outcomes().every(({ event }) => event === 'recording.archived')).toBe(true);
  });

  it.each<[string, (file: string) => void]>([
    ['removed', (file) => rmSync(file)],
    ['cut', (file) => truncateSync(file, 100)],
    ['changed', (file) => writeFileSync(file, Buffer.alloc(BODY.length))],
  ])('gets no further upload of a file that somebody has %s', async (_, harm) => {
    const { source, store, accept, settled, outcomes, leftOvers, spillRoot, until } = await archivePipeline();
    store.trouble = 'away';
    accept('s-1', source.serve('/a', whole(BODY)));
    await until(() => expect(store.puts).toBeGreaterThan(0));
    harm(join(spillRoot, String(leftOvers()[0])));
    store.trouble = undefined;
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'spill_failed' }]);
    expect(store.objects.size).toBe(0);
  });

  it('is asked about a broken file, because an upload may have succeeded without an answer', async () => {
    const { source, store, accept, settled, outcomes, leftOvers, spillRoot, until } = await archivePipeline();
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    const stored = new Map(store.objects);
    store.objects.clear();
    store.trouble = 'away';
    accept('s-1', source.serve('/b', whole(BODY)));
    await until(() => expect(store.puts).toBeGreaterThan(1));
    rmSync(join(spillRoot, String(leftOvers()[0])));
    for (const [key, object] of stored) store.objects.set(key, object);
    store.trouble = undefined;
    await settled(2);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }, { event: 'recording.archived' }]);
  });

  it('gets its bucket back when the bucket is missing', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    store.hasBucket = false;
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }]);
  });
});

describe('a restart while the object store is down', () => {
  it('loses no recording on disk, although the links have expired', async () => {
    const first = await archivePipeline({ lifetimeMs: 2_000 });
    first.store.trouble = 'away';
    for (let n = 0; n < 5; n += 1) first.accept(`s-${n}`, first.source.serve(`/${n}`, whole(BODY)));
    await first.until(() => expect(first.pipeline.gauges()).toMatchObject({ spilled: 5, downloads: 0 }));
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

  it('reports no loss of a recording that may have been archived before', async () => {
    const first = await archivePipeline({ lifetimeMs: 2_000 });
    first.accept('s-1', first.source.serve('/a', whole(BODY)));
    await first.settled(1);
    // The outcome did not reach the log: the recording is read again, with an expired link and no object store.
    first.store.trouble = 'away';
    first.accept('s-1', first.source.serve('/dead', status(403)), 1_000);
    first.accept('s-2', first.source.serve('/dead', status(403)));
    await first.until(() => expect(first.pipeline).toMatchObject({ unfetched: 0, pending: 2 }));
    expect(first.outcomes()).toHaveLength(1);
    first.store.trouble = undefined;
    await first.settled(3);
    const reasons = first.outcomes().map(({ sessionId, ...event }) => [sessionId, event['reason'] ?? event.event]);
    expect(reasons.slice(1).sort()).toEqual([
      ['s-1', 'recording.archived'],
      ['s-2', 'expired'],
    ]);
  });

  it('delays no download while a possible loss is being confirmed', async () => {
    const { source, store, accept, pipeline, clock, until } = await archivePipeline({ concurrency: 1 });
    store.trouble = 'hanging';
    accept('s-1', source.serve('/dead', status(403)), 60_000);
    await until(() => expect(store.looks).toBe(1));
    await clock.advance(2_000);
    await until(() => expect(pipeline).toMatchObject({ unfetched: 0, pending: 1 }));
    await until(() => expect(store.looks).toBe(2));
    for (let n = 2; n < 10; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)), 0, true);
    await until(() => expect(pipeline.gauges()).toMatchObject({ spilled: 8, pending: 9 }));
    store.trouble = undefined;
  });

  it('gives an old recording that may be lost the lifetime of a link to be found', async () => {
    const { source, store, accept, settled, pipeline, outcomes, until } = await archivePipeline({ lifetimeMs: 2_000 });
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    store.trouble = 'away';
    accept('s-1', source.serve('/dead', status(403)), HOUR_MS);
    await until(() => expect(pipeline).toMatchObject({ unfetched: 0, pending: 1 }));
    store.trouble = undefined;
    await settled(2);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }, { event: 'recording.archived' }]);
  });

  it('delays the loss of a new recording no longer than the join waits', async () => {
    const lifetimeMs = 10_000;
    const { source, store, accept, settled, outcomes, clock } = await archivePipeline({ lifetimeMs });
    store.trouble = 'away';
    const joinGivesUpAt = clock.now() + lifetimeMs;
    accept('s-1', source.serve('/dead', status(403)), 0, true);
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'expired' }]);
    expect(Date.parse(outcomes()[0]?.timestamp ?? '')).toBeLessThan(joinGivesUpAt);
  });

  it('reports no loss of a recording that another owner has on disk', async () => {
    const first = await archivePipeline();
    first.store.trouble = 'away';
    const second = await archivePipeline({ spillRoot: first.spillRoot });
    second.store.trouble = 'away';
    second.accept('s-1', second.source.serve('/dead', status(403)), HOUR_MS);
    await second.until(() => expect(second.pipeline).toMatchObject({ unfetched: 0, pending: 1 }));
    first.accept('s-1', first.source.serve('/a', whole(BODY)));
    await first.until(() => expect(first.pipeline.gauges().spilled).toBe(1));
    await second.until(() => expect(second.pipeline.gauges().spilled).toBe(1));
    await first.pipeline.stop();
    second.store.trouble = undefined;
    await second.settled(1);
    expect(second.outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
  });

  it('gives an old recording on disk the lifetime of a link to be uploaded', async () => {
    const first = await archivePipeline({ lifetimeMs: 2_000 });
    first.store.trouble = 'away';
    first.accept('s-1', first.source.serve('/a', whole(BODY)));
    await first.until(() => expect(first.pipeline.gauges().spilled).toBe(1));
    await first.pipeline.stop();
    const second = await archivePipeline({ lifetimeMs: 2_000, spillRoot: first.spillRoot });
    second.store.trouble = 'away';
    second.accept('s-1', 'http://127.0.0.1:9/dead', HOUR_MS);
    await second.until(() => expect(second.logged.join()).toContain(UPLOAD_FAILED));
    second.store.trouble = undefined;
    await second.settled(1);
    expect(second.outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
  });
});

describe('Kafka in trouble', () => {
  it('holds the offset back until the outcome is in the log', async () => {
    const { source, accept, settled, kafka, lease, store, outcomes, logged, until } = await archivePipeline();
    kafka.isDown = true;
    accept('s-1', source.serve('/a', whole(BODY)));
    await until(() => expect(logged.join()).toContain('could not publish recording outcome to Kafka; retrying'));
    expect(store.objects.size).toBe(1);
    expect(lease.offsets.position).toBe(0);
    kafka.isDown = false;
    await settled(1);
    expect(outcomes()).toHaveLength(1);
    expect(lease.offsets.position).toBe(1);
  });
});

describe('a revoked partition', () => {
  it('leaves recordings that may be lost to its new owner', async () => {
    const { source, store, accept, pipeline, lease, outcomes, until } = await archivePipeline({ lifetimeMs: 2_000 });
    store.trouble = 'away';
    accept('s-1', source.serve('/dead', status(403)), 60_000);
    await until(() => expect(pipeline).toMatchObject({ unfetched: 0, pending: 1 }));
    lease.revoke();
    pipeline.dropRevoked();
    await until(() => expect(pipeline.pending).toBe(0));
    expect(outcomes()).toEqual([]);
  });

  it('drops recordings that have not started and finishes the others', async () => {
    const { source, accept, settled, pipeline, lease, outcomes } = await archivePipeline({ concurrency: 1 });
    accept('s-1', source.serve('/a', whole(BODY)));
    accept('s-2', source.serve('/b', whole(BODY)));
    lease.revoke();
    pipeline.dropRevoked();
    await settled(1);
    expect(outcomes().map(({ sessionId }) => sessionId)).toEqual(['s-1']);
    expect(source.count('/b')).toBe(0);
  });
});

describe('stopping', () => {
  it('aborts downloads without an outcome and keeps their offsets', async () => {
    const { source, accept, pipeline, lease, outcomes, leftOvers, until } = await archivePipeline();
    accept('s-1', source.serve('/a', stallAfter(BODY, 1_000)));
    await until(() => expect(leftOvers()).toHaveLength(1));
    await pipeline.stop();
    expect(outcomes()).toEqual([]);
    expect(lease.offsets.position).toBe(0);
    expect(leftOvers()).toEqual([]);
  });
});
