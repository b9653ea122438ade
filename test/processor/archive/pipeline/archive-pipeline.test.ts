import { describe, expect, it } from 'vitest';
import { sha256, wav } from '../recording/audio-samples.js';
import { cutAfter, page, stallAfter, status, whole } from '../source/faulty-source.js';
import { archivePipeline, BODY } from './pipeline-harness.js';

describe('archiving a recording', () => {
  it('creates an object and an outcome, and leaves no file behind', async () => {
    const { source, store, accept, settled, outcomes, lease, leftOvers, registry } = await archivePipeline();
    accept('s-1', source.serve('/a', whole(BODY)));
    expect(lease.offsets.position).toBe(0);
    await settled(1);
    const key = 'p/2026/05/03/s-1.wav';
    expect(outcomes()).toMatchObject([
      { event: 'recording.archived', key, bytes: BODY.length, sha256: sha256(BODY), contentType: 'audio/wav' },
    ]);
    const stored = store.objects.get(key);
    expect(stored?.bytes.equals(BODY)).toBe(true);
    expect(stored?.info.metadata).toEqual({ 'session-id': 's-1', sha256: sha256(BODY) });
    expect(lease.offsets.position).toBe(1);
    expect(leftOvers()).toEqual([]);
    expect(await registry.metrics()).toContain('archive_recordings_total{outcome="archived",reason="stored"} 1');
  });

  it('reports an existing object without a second download', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    const link = source.serve('/a', whole(BODY));
    accept('s-1', link);
    await settled(1);
    accept('s-1', link);
    await settled(2);
    const [first, second] = outcomes();
    expect({ ...second, timestamp: first?.timestamp }).toEqual(first);
    expect([source.count('/a'), store.puts]).toEqual([1, 1]);
  });

  it('searches for the object of a new recording only if its link fails', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    accept('s-1', source.serve('/a', whole(BODY)), 0, true);
    await settled(1);
    expect(store.looks).toBe(0);
    accept('s-1', source.serve('/b', whole(wav(40_000))), 0, true);
    await settled(2);
    expect([store.looks, store.objects.size]).toEqual([0, 1]);
    accept('s-1', source.serve('/c', status(403)), 0, true);
    await settled(3);
    expect(store.looks).toBe(1);
    expect(new Set(outcomes().map((event) => event['sha256']))).toEqual(new Set([sha256(BODY)]));
  });

  it('reports an object that was stored while the link was being tried', async () => {
    const { source, accept, settled, outcomes, until } = await archivePipeline();
    accept('s-1', source.serve('/a', status(403)));
    await until(() => expect(source.count('/a')).toBe(1));
    accept('s-1', source.serve('/b', whole(BODY)));
    await settled(2);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }, { event: 'recording.archived' }]);
  });

  it('keeps the first of two recordings that are stored at the same time', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    const [one, other] = [wav(40_000), wav(60_000)];
    accept('s-1', source.serve('/one', whole(one)));
    accept('s-1', source.serve('/other', whole(other)));
    await settled(2);
    expect(store.objects.size).toBe(1);
    const inStore = sha256([...store.objects.values()][0]?.bytes ?? Buffer.alloc(0));
    expect(outcomes()).toMatchObject([{ sha256: inStore }, { sha256: inStore }]);
  });

  it('replaces an object that is not this recording', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    const key = 'p/2026/05/03/s-1.wav';
    const info = { key, bytes: 1, contentType: 'audio/wav', metadata: {}, lastModified: new Date() };
    store.objects.set(key, { info, bytes: Buffer.from('x') });
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
    expect(store.objects.get(key)?.bytes.equals(BODY)).toBe(true);
  });
});

describe('a failing source', () => {
  it('is retried, and a cut download continues', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline();
    accept('s-1', source.serve('/a', status(503), cutAfter(BODY, 20_000), whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
    expect(source.requests[2]?.headers.range).toBeDefined();
  });

  it('is asked again 2 s after a refusal, and its second refusal is final', async () => {
    const { source, accept, settled, outcomes, leftOvers, lease, clock, until, pipeline } = await archivePipeline();
    accept('s-1', source.serve('/a', status(403)));
    accept('s-2', source.serve('/b', status(404), whole(BODY)));
    accept('s-3', source.serve('/c', page('<html>', 'text/html')));
    const counts = () => ['/a', '/b', '/c'].map((path) => source.count(path));
    await until(() => expect([counts(), pipeline.gauges().downloads]).toEqual([[1, 1, 1], 0]));
    await clock.advance(1_999);
    expect(pipeline.gauges().downloads).toBe(0);
    await clock.advance(1);
    expect(pipeline.gauges().downloads).toBe(3);
    await settled(3);
    const reasons = Object.fromEntries(outcomes().map((event) => [event.sessionId, event['reason'] ?? event.event]));
    expect(reasons).toEqual({ 's-1': 'expired', 's-2': 'recording.archived', 's-3': 'not_audio' });
    expect(counts()).toEqual([2, 2, 2]);
    expect(leftOvers()).toEqual([]);
    expect(lease.offsets.position).toBe(3);
  });

  it('is given up with its last fault before the join stops waiting', async () => {
    const lifetimeMs = 10_000;
    const { source, accept, settled, outcomes, clock } = await archivePipeline({ lifetimeMs });
    const joinGivesUpAt = clock.now() + lifetimeMs;
    accept('s-1', source.serve('/a', status(500)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ reason: 'source_error' }]);
    expect(Date.parse(outcomes()[0]?.timestamp ?? '')).toBeLessThan(joinGivesUpAt);
    expect(source.count('/a')).toBeGreaterThan(3);
  });

  it('is given up as timeout when it stalls until the deadline', async () => {
    const lifetimeMs = 10_000;
    const stallMs = 1_000;
    const { source, accept, outcomes, clock, pipeline, until } = await archivePipeline({ lifetimeMs });
    const joinGivesUpAt = clock.now() + lifetimeMs;
    const giveUpAt = joinGivesUpAt - 500;
    accept('s-1', source.serve('/a', stallAfter(BODY, 10)));
    for (let attempt = 1; outcomes().length === 0; attempt += 1) {
      await until(() => expect(outcomes().length === 1 || source.count('/a') === attempt).toBe(true));
      await clock.advance(Math.max(0, Math.min(stallMs, giveUpAt - clock.now())));
      await until(() => expect(pipeline.gauges().downloads).toBe(0));
    }
    expect(outcomes()).toMatchObject([{ reason: 'timeout' }]);
    expect(Date.parse(outcomes()[0]?.timestamp ?? '')).toBeLessThan(joinGivesUpAt);
    expect(source.count('/a')).toBeGreaterThan(3);
  });

  it('does not delay other recordings: one that waits for its retry occupies no worker', async () => {
    const { source, accept, settled, outcomes, clock, until } = await archivePipeline({ concurrency: 1 });
    const acceptedAt = clock.now();
    accept('s-1', source.serve('/a', status(503, { 'retry-after': '1' }), whole(BODY)));
    for (const session of ['s-2', 's-3']) accept(session, source.serve(`/${session}`, whole(BODY)));
    await until(() => expect(outcomes().map(({ sessionId }) => sessionId)).toEqual(['s-2', 's-3']));
    expect(clock.now()).toBe(acceptedAt);
    await settled(3);
    expect(source.count('/a')).toBe(2);
  });

  it('gets one attempt for a link that should have expired', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline({ lifetimeMs: 5_000 });
    accept('s-1', source.serve('/a', status(500)), 60_000);
    accept('s-2', source.serve('/b', whole(BODY)), 60_000);
    await settled(2);
    const reasons = Object.fromEntries(outcomes().map((event) => [event.sessionId, event['reason'] ?? event.event]));
    expect(reasons).toEqual({ 's-1': 'source_error', 's-2': 'recording.archived' });
    expect(source.count('/a')).toBe(1);
  });
});
