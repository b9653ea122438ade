import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { EventProducer } from '../../infra/kafka/event-producer.js';
import { produceSessions } from '../../infra/kafka/produce-session.js';
import { OffsetReader } from '../../infra/kafka/offset-reader.js';
import { ensureTopics } from '../../infra/kafka/topics.js';
import { MinioObjectStore } from '../../infra/object-store/minio-object-store.js';
import { SchemaRegistryClient, type SubjectIds } from '../../infra/schema-registry/client.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { ArchiveRole } from '../../processor/archive/archive-role.js';
import { archiveFaults, archiveSpecs } from '../../processor/archive/settings.js';
import type { RecordingArchived, RecordingFailed } from '../../schemas/generated/types.js';
import { subjects } from '../../schemas/topics.js';
import { validateSessionEvent } from '../../schemas/validators.js';
import { decodeWire, encodeWire, wireHeader } from '../../schemas/wire-format.js';
import { silent, suiteEnv, suiteKafka } from '../stack/stack-settings.js';
import { TopicRecords } from '../stack/topic-records.js';
import { sha256, wav } from './audio-samples.js';
import { cutAfter, FaultySource, page, stallAfter, status, whole } from './faulty-source.js';
import { tempDir } from './temp-dir.js';

const env = suiteEnv('archive');
const S3_BUCKET = `archive-${randomBytes(4).toString('hex')}`;
const READY_AT = '2026-05-03T08:42:11.512Z';
const { kafka, topics, settings: common } = suiteKafka(env);
const producer = new EventProducer({
  open: produceSessions(kafka),
  topic: topics.events,
  name: 'test',
  logger: silent,
});
const offsets = new OffsetReader(kafka);
const running = new Set<ArchiveRole>();
const { signal } = new AbortController();
let subjectIds: SubjectIds;
let events: TopicRecords;

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: 2, replicationFactor: 1 });
  subjectIds = await new SchemaRegistryClient(common, silent).registerSubjects(subjects(topics));
  events = await TopicRecords.open(kafka, topics.events);
  await offsets.start();
  producer.start();
});

afterEach(() => Promise.all([...running].map(stop)));

afterAll(async () => {
  await events.close();
  await offsets.close();
  await producer.close();
});

async function start(
  groupId: string,
  source: FaultySource,
  { spillDir = tempDir(), storeIsAway = false } = {},
): Promise<ArchiveRole> {
  const settings = readSettings(
    {
      ...env,
      S3_BUCKET,
      ...(storeIsAway && { S3_ENDPOINT: 'http://127.0.0.1:1' }),
      ARCHIVE_ALLOWED_HOSTS: source.host,
      ARCHIVE_SPILL_DIR: spillDir,
      ARCHIVE_URL_LIFETIME_MS: '60000',
    },
    archiveSpecs,
    archiveFaults,
  );
  const role = new ArchiveRole({
    kafka,
    topics,
    subjectIds,
    settings: { ...settings, PROCESSOR_GROUP_ID: groupId },
    logger: silent,
    metrics: new Registry(),
    onFatal: (error) => {
      throw error;
    },
  });
  running.add(role);
  await role.start();
  const missing = storeIsAway ? 'object store' : 'nothing';
  await vi.waitFor(() => expect(role.notReady() ?? 'nothing').toContain(missing), { timeout: 30_000 });
  return role;
}

async function stop(role: ArchiveRole): Promise<void> {
  running.delete(role);
  await role.stop();
}

async function ready(sessionId: string, recordingUrl: string): Promise<void> {
  const event = {
    event: 'recording.ready',
    sessionId,
    projectId: 'p-1',
    timestamp: READY_AT,
    success: true,
    recordingUrl,
  };
  const value = encodeWire(wireHeader(subjectIds.events), JSON.stringify(event));
  await producer.send({ key: sessionId, value });
}

/** The first outcome of each session, once all have one. */
async function outcomesOf(sessionIds: readonly string[]) {
  const found = new Map<string, RecordingArchived | RecordingFailed>();
  await events.until((records) => {
    found.clear();
    for (const { value } of records) {
      const event: unknown = JSON.parse(decodeWire(value ?? Buffer.alloc(0))?.json.toString() ?? 'null');
      const verdict = validateSessionEvent(event);
      if (verdict.kind !== 'valid') continue;
      if (verdict.event.event !== 'recording.archived' && verdict.event.event !== 'recording.failed') continue;
      if (!found.has(verdict.event.sessionId)) found.set(verdict.event.sessionId, verdict.event);
    }
    return sessionIds.every((id) => found.has(id));
  });
  return sessionIds.map((id) => found.get(id));
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

const committed = (groupId: string) =>
  Promise.all([0, 1].map((partition) => offsets.committed(`${groupId}-archive`, topics.events, partition)));

it('brings recordings from the log to the store and reports them, odd ids and bad sources included', async () => {
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
  for (const [sessionId, link] of Object.entries(links)) await ready(sessionId, link);
  const outcomes = await outcomesOf(Object.keys(links));
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
  // The sender's own events hold links; nothing else may.
  const ours = events.records.filter(({ value }) => !value?.includes('recording.ready'));
  expect(ours.some(({ value }) => value?.includes('token='))).toBe(false);
});

it('commits no further than the oldest unsettled recording, and whoever comes next takes it up', async () => {
  const source = await FaultySource.start();
  const groupId = `archive-${randomUUID()}`;
  const body = wav(100_000);
  const sessions = Array.from({ length: 6 }, (_, index) => `restart-${index}-${randomUUID()}`);
  const spillDir = tempDir();
  const first = await start(groupId, source, { spillDir });
  const [stuck = '', ...others] = sessions;
  await ready(stuck, source.serve('/stuck', stallAfter(body, 1_000)));
  for (const session of others) await ready(session, source.serve(`/${session}`, whole(body)));
  await outcomesOf(others);
  await stop(first);
  expect(readdirSync(spillDir)).toEqual([]);
  const stuckRecord = events.records.find(({ key }) => key?.toString() === stuck);
  expect(await committed(groupId)).toContain(stuckRecord?.offset);
  source.serve('/stuck', whole(body));
  await start(groupId, source, { spillDir });
  expect(await outcomesOf([stuck])).toMatchObject([{ event: 'recording.archived', sha256: sha256(body) }]);
  // What the first had archived and not committed is found in the store, not fetched again.
  expect(others.map((session) => source.count(`/${session}`))).toEqual(others.map(() => 1));
});

it('takes up from the disk what was downloaded before a restart, though the link is dead by then', async () => {
  const source = await FaultySource.start();
  const groupId = `archive-${randomUUID()}`;
  const body = wav(1_000_000);
  const sessionId = `spilled-${randomUUID()}`;
  const spillDir = tempDir();
  const first = await start(groupId, source, { spillDir, storeIsAway: true });
  await ready(sessionId, source.serve('/once', whole(body), status(403)));
  const onDisk = () => readdirSync(spillDir, { recursive: true }).filter((name) => String(name).endsWith('.json'));
  await vi.waitFor(() => expect(onDisk()).toHaveLength(1), { timeout: 30_000 });
  await stop(first);
  await start(groupId, source, { spillDir });
  expect(await outcomesOf([sessionId])).toMatchObject([{ event: 'recording.archived', sha256: sha256(body) }]);
  expect(source.count('/once')).toBe(1);
  await vi.waitFor(() => expect(onDisk()).toEqual([]));
});

it('shares the work with a second owner, and loses nothing on the way', async () => {
  const source = await FaultySource.start();
  const groupId = `archive-${randomUUID()}`;
  const body = wav(20_000);
  const sessions = Array.from({ length: 40 }, (_, index) => `two-${index}-${randomUUID()}`);
  const first = await start(groupId, source);
  for (const session of sessions.slice(0, 20)) await ready(session, source.serve(`/${session}`, whole(body)));
  const second = await start(groupId, source);
  for (const session of sessions.slice(20)) await ready(session, source.serve(`/${session}`, whole(body)));
  const outcomes = await outcomesOf(sessions);
  expect(outcomes.every((outcome) => outcome?.event === 'recording.archived')).toBe(true);
  await Promise.all([stop(first), stop(second)]);
  for (const id of sessions) {
    expect(await bucket().findByPrefix(`p-1/2026/05/03/${id}.`, signal)).toHaveLength(1);
  }
});
