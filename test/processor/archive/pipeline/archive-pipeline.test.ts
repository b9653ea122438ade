import { describe, expect, it, vi } from 'vitest';
import { sha256, wav } from '../recording/audio-samples.js';
import { cutAfter, page, stallAfter, status, whole } from '../source/faulty-source.js';
import { archivePipeline, BODY } from './pipeline-harness.js';

describe('a recording', () => {
  it('becomes an object and an outcome, and leaves nothing behind', async () => {
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

  it('that is there already is reported as it is, without a second download', async () => {
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

  it('that is new is not looked for, unless its link leads to nothing', async () => {
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

  it('that came to be there while its link was tried is reported too', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline();
    accept('s-1', source.serve('/a', status(403)));
    await vi.waitFor(() => expect(source.count('/a')).toBe(1));
    accept('s-1', source.serve('/b', whole(BODY)));
    await settled(2);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }, { event: 'recording.archived' }]);
  });

  it('stays the one that was first, when two are brought in at once', async () => {
    const { source, store, accept, settled, outcomes } = await archivePipeline();
    const [one, other] = [wav(40_000), wav(60_000)];
    accept('s-1', source.serve('/one', whole(one)));
    accept('s-1', source.serve('/other', whole(other)));
    await settled(2);
    expect(store.objects.size).toBe(1);
    const inStore = sha256([...store.objects.values()][0]?.bytes ?? Buffer.alloc(0));
    expect(outcomes()).toMatchObject([{ sha256: inStore }, { sha256: inStore }]);
  });

  it('takes the place of an object that is not this recording', async () => {
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

describe('trouble with the source', () => {
  it('is retried, and a cut download goes on', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline();
    accept('s-1', source.serve('/a', status(503), cutAfter(BODY, 20_000), whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
    expect(source.requests[2]?.headers.range).toBeDefined();
  });

  it('that is a refusal is believed the second time', async () => {
    const { source, accept, settled, outcomes, leftOvers, lease } = await archivePipeline({ lifetimeMs: 8_000 });
    accept('s-1', source.serve('/a', status(403)));
    accept('s-2', source.serve('/b', status(404), whole(BODY)));
    accept('s-3', source.serve('/c', page('<html>', 'text/html')));
    await settled(3);
    const reasons = Object.fromEntries(outcomes().map((event) => [event.sessionId, event['reason'] ?? event.event]));
    expect(reasons).toEqual({ 's-1': 'expired', 's-2': 'recording.archived', 's-3': 'not_audio' });
    expect([source.count('/a'), source.count('/b'), source.count('/c')]).toEqual([2, 2, 2]);
    expect(leftOvers()).toEqual([]);
    expect(lease.offsets.position).toBe(3);
  });

  it('that lasts ends with the last reason, before the join gives up', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline({ lifetimeMs: 1_000 });
    const begun = Date.now();
    accept('s-1', source.serve('/a', status(500)));
    accept('s-2', source.serve('/b', stallAfter(BODY, 100)));
    await settled(2);
    expect(Date.now() - begun).toBeLessThan(1_000);
    const reasons = Object.fromEntries(outcomes().map((event) => [event.sessionId, event['reason']]));
    expect(reasons).toEqual({ 's-1': 'source_error', 's-2': 'timeout' });
    expect(source.count('/a')).toBeGreaterThan(3);
  });

  it('does not keep others waiting: who waits for a retry takes no place', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline({ concurrency: 1, lifetimeMs: 60_000 });
    accept('s-1', source.serve('/a', status(503, { 'retry-after': '1' }), whole(BODY)));
    for (const session of ['s-2', 's-3']) accept(session, source.serve(`/${session}`, whole(BODY)));
    await settled(3);
    expect(outcomes().map(({ sessionId }) => sessionId)).toEqual(['s-2', 's-3', 's-1']);
  });

  it('of a link that is dead already is made sure of by one try', async () => {
    const { source, accept, settled, outcomes } = await archivePipeline({ lifetimeMs: 5_000 });
    accept('s-1', source.serve('/a', status(500)), 60_000);
    accept('s-2', source.serve('/b', whole(BODY)), 60_000);
    await settled(2);
    const reasons = Object.fromEntries(outcomes().map((event) => [event.sessionId, event['reason'] ?? event.event]));
    expect(reasons).toEqual({ 's-1': 'source_error', 's-2': 'recording.archived' });
    expect(source.count('/a')).toBe(1);
  });
});
