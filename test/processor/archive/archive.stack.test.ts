import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { OffsetReader } from '../../../infra/kafka/consume/offset-reader.js';
import { MinioObjectStore } from '../../../infra/object-store/minio-object-store.js';
import { readSettings } from '../../../infra/settings/read-settings.js';
import { ArchiveRole } from '../../../processor/archive/archive-role.js';
import { archiveFaults, archiveSpecs } from '../../../processor/archive/settings.js';
import { silent, suiteEnv } from '../../support/stack-settings.js';
import { ArchiveEvents, READY_AT } from './archive-events.js';
import { sha256, wav } from './recording/audio-samples.js';
import { cutAfter, FaultySource, page, stallAfter, status, whole } from './source/faulty-source.js';
import { tempDir } from '../../support/temp-dir.js';

const env = suiteEnv('archive');
const S3_BUCKET = `archive-${randomBytes(4).toString('hex')}`;
const running = new Set<ArchiveRole>();
const { signal } = new AbortController();
let events: ArchiveEvents;
let offsets: OffsetReader;

beforeAll(async () => {
  events = await ArchiveEvents.open(env);
  offsets = new OffsetReader(events.suite.kafka);
  await offsets.start();
});

afterEach(() => Promise.all([...running].map(stop)));

afterAll(async () => {
  await events.close();
  await offsets.close();
});

async function start(
  groupId: string,
  source: FaultySource,
  { spillDir = tempDir(), objectStoreIsDown = false } = {},
): Promise<ArchiveRole> {
  const settings = readSettings(
    {
      ...env,
      S3_BUCKET,
      ...(objectStoreIsDown && { S3_ENDPOINT: 'http://127.0.0.1:1' }),
      ARCHIVE_ALLOWED_HOSTS: source.host,
      ARCHIVE_SPILL_DIR: spillDir,
      ARCHIVE_URL_LIFETIME_MS: '60000',
    },
    archiveSpecs,
    archiveFaults,
  );
  const { kafka, topics } = events.suite;
  const role = new ArchiveRole({
    kafka,
    topics,
    subjectIds: events.subjectIds,
    settings: { ...settings, PROCESSOR_GROUP_ID: groupId },
    logger: silent,
    metrics: new Registry(),
    onFatal: (error) => {
      throw error;
    },
  });
  running.add(role);
  await role.start();
  const fault = objectStoreIsDown ? 'object store' : 'ready';
  await vi.waitFor(() => expect(role.readinessFault() ?? 'ready').toContain(fault), { timeout: 30_000 });
  return role;
}

async function stop(role: ArchiveRole): Promise<void> {
  running.delete(role);
  await role.stop();
}

function bucket(): MinioObjectStore {
  const { S3_ENDPOINT: endpoint = '', S3_REGION: region = '', S3_ACCESS_KEY: accessKey = '' } = env;
  return new MinioObjectStore({
    endpoint,
    region,
    accessKey,
    secretKey: env['S3_SECRET_KEY'] ?? '',
    bucket: S3_BUCKET,
  });
}

const committed = async (groupId: string) => {
  const byPartition = await offsets.committed(`${groupId}-archive`, events.suite.topics.events);
  return [0, 1].map((partition) => byPartition.get(partition));
};

it('archives and reports recordings, including odd ids and bad sources', async () => {
  const source = await FaultySource.start();
  const body = wav(6_000_000);
  const links: Record<string, string> = {
    [randomUUID()]: source.serve('/good', whole(body)),
    '../odd id/通話?': source.serve('/odd', whole(body)),
    'cut-and-resumed': source.serve('/cut', cutAfter(body, 2_000_000), whole(body)),
    'a-page': source.serve('/page', page('<html>expired</html>', 'audio/wav')),
    forbidden: 'https://169.254.169.254/latest/meta-data',
  };
  await start(`archive-${randomUUID()}`, source);
  for (const [sessionId, link] of Object.entries(links)) await events.ready(sessionId, link);
  const outcomes = await events.outcomesOf(Object.keys(links));
  const [, , , aPage, forbidden] = outcomes;
  expect(aPage).toMatchObject({ event: 'recording.failed', reason: 'not_audio', readyAt: READY_AT });
  expect(forbidden).toMatchObject({ event: 'recording.failed', reason: 'forbidden_address' });
  for (const outcome of outcomes.slice(0, 3)) {
    expect(outcome).toMatchObject({ event: 'recording.archived', bucket: S3_BUCKET, sha256: sha256(body) });
    const key = String(outcome?.['key']);
    expect(key).toMatch(/^p-1\/2026\/05\/03\/[^/]+\.wav$/);
    expect((await buffer(await bucket().get(key, signal))).equals(body)).toBe(true);
    expect((await bucket().stat(key, signal))?.metadata).toMatchObject({ sha256: sha256(body) });
  }
  // Only the sender's own events may contain links.
  const ours = events.topic.records.filter(({ value }) => !value?.includes('recording.ready'));
  expect(ours.some(({ value }) => value?.includes('token='))).toBe(false);
});

it('commits no further than the oldest unsettled recording, which the next owner archives', async () => {
  const source = await FaultySource.start();
  const groupId = `archive-${randomUUID()}`;
  const body = wav(100_000);
  const sessions = Array.from({ length: 6 }, (_, index) => `restart-${index}-${randomUUID()}`);
  const spillDir = tempDir();
  const first = await start(groupId, source, { spillDir });
  const [stuck = '', ...others] = sessions;
  await events.ready(stuck, source.serve('/stuck', stallAfter(body, 1_000)));
  for (const session of others) await events.ready(session, source.serve(`/${session}`, whole(body)));
  await events.outcomesOf(others);
  await stop(first);
  expect(readdirSync(spillDir)).toEqual([]);
  const stuckRecord = events.topic.records.find(({ key }) => key?.toString() === stuck);
  expect(await committed(groupId)).toContain(stuckRecord?.offset);
  source.serve('/stuck', whole(body));
  await start(groupId, source, { spillDir });
  expect(await events.outcomesOf([stuck])).toMatchObject([{ event: 'recording.archived', sha256: sha256(body) }]);
  // Recordings that were archived and not committed are found in the object store and not downloaded again.
  expect(others.map((session) => source.count(`/${session}`))).toEqual(others.map(() => 1));
});

it('adopts a recording that was downloaded before a restart, although its link has expired', async () => {
  const source = await FaultySource.start();
  const groupId = `archive-${randomUUID()}`;
  const body = wav(1_000_000);
  const sessionId = `spilled-${randomUUID()}`;
  const spillDir = tempDir();
  const first = await start(groupId, source, { spillDir, objectStoreIsDown: true });
  await events.ready(sessionId, source.serve('/once', whole(body), status(403)));
  const onDisk = () => readdirSync(spillDir, { recursive: true }).filter((name) => String(name).endsWith('.json'));
  await vi.waitFor(() => expect(onDisk()).toHaveLength(1), { timeout: 30_000 });
  await stop(first);
  await start(groupId, source, { spillDir });
  expect(await events.outcomesOf([sessionId])).toMatchObject([{ event: 'recording.archived', sha256: sha256(body) }]);
  expect(source.count('/once')).toBe(1);
  await vi.waitFor(() => expect(onDisk()).toEqual([]));
});

it('shares the work with a second owner and loses nothing', async () => {
  const source = await FaultySource.start();
  const groupId = `archive-${randomUUID()}`;
  const body = wav(20_000);
  const sessions = Array.from({ length: 40 }, (_, index) => `two-${index}-${randomUUID()}`);
  const first = await start(groupId, source);
  for (const session of sessions.slice(0, 20)) await events.ready(session, source.serve(`/${session}`, whole(body)));
  const second = await start(groupId, source);
  for (const session of sessions.slice(20)) await events.ready(session, source.serve(`/${session}`, whole(body)));
  const outcomes = await events.outcomesOf(sessions);
  expect(outcomes.every((outcome) => outcome?.event === 'recording.archived')).toBe(true);
  await Promise.all([stop(first), stop(second)]);
  for (const id of sessions) {
    expect(await bucket().findByPrefix(`p-1/2026/05/03/${id}.`, signal)).toHaveLength(1);
  }
});
