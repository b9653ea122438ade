import { readdirSync } from 'node:fs';
import { Registry } from 'prom-client';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readSettings } from '../../infra/settings/read-settings.js';
import { ArchiveMetrics } from '../../processor/archive/archive-metrics.js';
import type { ArchivePipeline } from '../../processor/archive/archive-pipeline.js';
import { assemblePipeline } from '../../processor/archive/assemble-pipeline.js';
import { systemClock } from '../../processor/archive/clock.js';
import { warnOfDeadlines } from '../../processor/archive/deadline-warnings.js';
import { Lease } from '../../processor/archive/lease.js';
import type { OutcomeRecord } from '../../processor/archive/ports.js';
import { recordingJob } from '../../processor/archive/recording-job.js';
import { archiveFaults, archiveSpecs } from '../../processor/archive/settings.js';
import { openHttpSource } from '../../processor/archive/source/http-source.js';
import { SpillDirectory } from '../../processor/archive/spill/spill-directory.js';
import type { RecordingArchived, RecordingFailed } from '../../schemas/generated/types.js';
import { decodeWire } from '../../schemas/wire-format.js';
import { MemoryObjectStore } from '../object-store/memory-object-store.js';
import { sha256, wav } from './audio-samples.js';
import { cutAfter, FaultySource, page, stallAfter, status, whole } from './faulty-source.js';
import { tempDir } from './temp-dir.js';

const BODY = wav(50_000);
const READY_AT = '2026-05-03T08:42:11.512Z';

type Options = { lifetimeMs?: number; concurrency?: number };

/** The pipeline with all but Kafka around it: a real source, a real disk, a store in memory, and a log that is a list. */
async function setup({ lifetimeMs = 20_000, concurrency = 4 }: Options = {}) {
  const source = await FaultySource.start();
  const store = new MemoryObjectStore();
  store.hasBucket = true;
  const spillRoot = tempDir();
  const spills = new SpillDirectory(spillRoot);
  await spills.open(1e9);
  const logged: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => logged.push(line) });
  const log: OutcomeRecord[] = [];
  const kafka = { isAway: false };
  const settings = readSettings(
    {
      ARCHIVE_ALLOWED_HOSTS: source.host,
      ARCHIVE_URL_LIFETIME_MS: String(lifetimeMs),
      ARCHIVE_CONCURRENCY: String(concurrency),
    },
    archiveSpecs,
    archiveFaults,
  );
  const registry = new Registry();
  const pipeline: ArchivePipeline = assemblePipeline({
    settings,
    store,
    spills,
    topic: 'session.events',
    schemaId: 1,
    resolve: () => Promise.reject(new Error('no resolver here')),
    open: openHttpSource,
    clock: systemClock,
    logger,
    metrics: new ArchiveMetrics(registry, () => pipeline.gauges()),
    sender: {
      send: (record) => {
        if (kafka.isAway) return Promise.reject(new Error('Kafka is away'));
        log.push(record);
        return Promise.resolve();
      },
    },
    onSettled: () => undefined,
  });
  onTestFinished(() => pipeline.stop());
  const lease = new Lease(0);
  let offset = 0;
  const accept = (sessionId: string, link: string, ageMs = 0) => {
    const record = { offset: offset++, timestamp: Date.now() - ageMs };
    const event = { event: 'recording.ready' as const, sessionId, projectId: 'p', timestamp: READY_AT, success: true };
    lease.offsets.begin(record.offset);
    lease.offsets.advance(record.offset + 1);
    pipeline.accept(recordingJob(event, record, lease, lifetimeMs), link);
  };
  const outcomes = () =>
    log.map(({ value }) => JSON.parse(decodeWire(value)?.json.toString() ?? '') as RecordingArchived | RecordingFailed);
  const settled = (count: number) =>
    vi.waitFor(() => expect(pipeline.pending + (count - log.length)).toBe(0), { timeout: 15_000, interval: 5 });
  const leftOvers = () => readdirSync(spillRoot, { recursive: true }).filter((name) => String(name).endsWith('.audio'));
  return { source, store, pipeline, lease, accept, outcomes, settled, kafka, logged, leftOvers, registry, logger };
}

describe('a recording', () => {
  it('becomes an object and an outcome, and leaves nothing behind', async () => {
    const { source, store, accept, settled, outcomes, lease, leftOvers, registry } = await setup();
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
    const { source, store, accept, settled, outcomes } = await setup();
    const link = source.serve('/a', whole(BODY));
    accept('s-1', link);
    await settled(1);
    accept('s-1', link);
    await settled(2);
    const [first, second] = outcomes();
    expect({ ...second, timestamp: first?.timestamp }).toEqual(first);
    expect([source.count('/a'), store.puts]).toEqual([1, 1]);
  });

  it('stays the one that was first, when two are brought in at once', async () => {
    const { source, store, accept, settled, outcomes } = await setup();
    const [one, other] = [wav(40_000), wav(60_000)];
    accept('s-1', source.serve('/one', whole(one)));
    accept('s-1', source.serve('/other', whole(other)));
    await settled(2);
    expect(store.objects.size).toBe(1);
    const inStore = sha256([...store.objects.values()][0]?.bytes ?? Buffer.alloc(0));
    expect(outcomes()).toMatchObject([{ sha256: inStore }, { sha256: inStore }]);
  });

  it('takes the place of an object that is not this recording', async () => {
    const { source, store, accept, settled, outcomes } = await setup();
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
    const { source, accept, settled, outcomes } = await setup();
    accept('s-1', source.serve('/a', status(503), cutAfter(BODY, 20_000), whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
    expect(source.requests[2]?.headers.range).toBeDefined();
  });

  it('that is a refusal is believed the second time', async () => {
    const { source, accept, settled, outcomes, leftOvers, lease } = await setup({ lifetimeMs: 8_000 });
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
    const { source, accept, settled, outcomes } = await setup({ lifetimeMs: 1_000 });
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
    const { source, accept, settled, outcomes } = await setup({ concurrency: 1, lifetimeMs: 60_000 });
    accept('s-1', source.serve('/a', status(503, { 'retry-after': '1' }), whole(BODY)));
    for (const session of ['s-2', 's-3']) accept(session, source.serve(`/${session}`, whole(BODY)));
    await settled(3);
    expect(outcomes().map(({ sessionId }) => sessionId)).toEqual(['s-2', 's-3', 's-1']);
  });

  it('of a link that is dead already is made sure of by one try', async () => {
    const { source, accept, settled, outcomes } = await setup({ lifetimeMs: 5_000 });
    accept('s-1', source.serve('/a', status(500)), 60_000);
    accept('s-2', source.serve('/b', whole(BODY)), 60_000);
    await settled(2);
    const reasons = Object.fromEntries(outcomes().map((event) => [event.sessionId, event['reason'] ?? event.event]));
    expect(reasons).toEqual({ 's-1': 'source_error', 's-2': 'recording.archived' });
    expect(source.count('/a')).toBe(1);
  });
});

describe('trouble with the store', () => {
  it('costs no link: what is downloaded waits on disk, beyond the end of its link', async () => {
    const { source, store, accept, settled, pipeline, outcomes, leftOvers } = await setup({ lifetimeMs: 2_000 });
    store.trouble = 'away';
    // By our count the links are dead: they are good for one try.
    for (let n = 0; n < 10; n += 1) accept(`s-${n}`, source.serve(`/${n}`, whole(BODY)), 2_000);
    await vi.waitFor(() => expect(leftOvers()).toHaveLength(10), { interval: 5 });
    await vi.waitFor(() => expect(pipeline.gauges()).toMatchObject({ downloads: 0, tightestMs: undefined }));
    source.stop();
    store.trouble = undefined;
    await settled(10);
    expect(outcomes().every(({ event }) => event === 'recording.archived')).toBe(true);
    expect(leftOvers()).toEqual([]);
  });

  it.each([
    ['away', 'store_unavailable'],
    ['refusing', 'store_refused'],
  ] as const)('that is %s for too long is %s', async (trouble, reason) => {
    const { source, store, accept, settled, outcomes, leftOvers } = await setup({ lifetimeMs: 1_000 });
    store.trouble = trouble;
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason }]);
    expect(leftOvers()).toEqual([]);
  });

  it('that has lost its bucket is mended', async () => {
    const { source, store, accept, settled, outcomes } = await setup();
    store.hasBucket = false;
    accept('s-1', source.serve('/a', whole(BODY)));
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }]);
  });
});

describe('trouble with Kafka', () => {
  it('holds the offset until the outcome is in the log', async () => {
    const { source, accept, settled, kafka, lease, store, outcomes } = await setup();
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
  it('drops what has not begun, and finishes the rest', async () => {
    const { source, accept, settled, pipeline, lease, outcomes } = await setup({ concurrency: 1 });
    accept('s-1', source.serve('/a', whole(BODY)));
    accept('s-2', source.serve('/b', whole(BODY)));
    lease.revoke();
    pipeline.dropRevoked();
    await settled(1);
    expect(outcomes().map(({ sessionId }) => sessionId)).toEqual(['s-1']);
    expect(source.count('/b')).toBe(0);
  });

  it('breaks off what is under way, without an outcome, and keeps its offset', async () => {
    const { source, accept, pipeline, lease, outcomes, leftOvers } = await setup();
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
    const { source, accept, pipeline, logged, logger } = await setup({ lifetimeMs: 20_000 });
    accept('s-1', source.serve('/a', stallAfter(BODY, 100)), 18_000);
    accept('s-2', source.serve('/b', stallAfter(BODY, 100)));
    for (let n = 0; n < 2; n += 1) warnOfDeadlines(pipeline.fetchTasks(), Date.now(), 4_000, logger);
    const warnings = logged.filter((line) => line.includes('about to die'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({ recordings: 1, sessionIds: ['s-1'] });
    expect(pipeline.gauges().tightestMs).toBeLessThan(2_000);
    await pipeline.stop();
  });

  it('holds nothing of a link: no log line, no record, no metric', async () => {
    const { source, accept, settled, logged, outcomes, registry, store } = await setup({ lifetimeMs: 1_000 });
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
