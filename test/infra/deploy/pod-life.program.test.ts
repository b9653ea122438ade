import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { httpProbe, untilReady } from '../../../dev/local-stack/services/readiness.js';
import { ensureTopics } from '../../../infra/kafka/topics/ensure-topics.js';
import { TOKEN } from '../../ingress/ingress-on-memory.js';
import { freePort } from '../../ingress/ingress-program.js';
import { postTo } from '../../ingress/post.js';
import { SessionSenders } from '../../ingress/session-senders.js';
import { TopicReader } from '../../ingress/topic-reader.js';
import { suiteEnv, suiteKafka } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';
import { startPod, type Pod, type PodOptions } from './pod.js';

const settings = suiteEnv('pod-life');
const { kafka, topics } = suiteKafka(settings);
const events = new TopicReader(kafka, topics.events);
const complete = new TopicReader(kafka, topics.complete);

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: 2, replicationFactor: 1 });
  await Promise.all([events.start(), complete.start()]);
});
afterAll(async () => {
  await Promise.all([events.stop(), complete.stop()]);
});

async function start(
  component: PodOptions['component'],
  volume: string,
  more: Record<string, string> = {},
): Promise<Pod> {
  const { S3_SECRET_KEY = '', ...rest } = settings;
  const pod = await startPod({
    component,
    settings: { ...rest, ...more },
    secrets: { INGRESS_TOKENS: TOKEN, S3_SECRET_KEY },
    volume,
  });
  onTestFinished(async () => {
    await pod.process.kill();
  });
  return pod;
}

/** Senders that stop with the test. */
function sending(pod: Pod, sessions = 20): SessionSenders {
  const senders = new SessionSenders(pod.url, randomUUID(), sessions);
  onTestFinished(() => senders.stop());
  return senders;
}

async function expectAllInKafka(senders: SessionSenders): Promise<void> {
  const keys = [...new Set([...senders.acknowledged].map((id) => id.slice(0, id.lastIndexOf('/'))))];
  await events.untilKeys(keys);
  await expect
    .poll(() => [...senders.firstArrivals(events.records).values()].flat().length, { timeout: 60_000 })
    .toBe(senders.acknowledged.size);
}

test('an ingress pod that is deleted under load exits 0 within its grace period and loses no event', async () => {
  const pod = await start('ingress', tempDir());
  await pod.process.waitReady();
  const senders = sending(pod);
  await senders.more(500);
  expect(await pod.remove()).toEqual({ code: 0, signal: null });
  await senders.stop();
  expect(senders.refusals).toEqual([]);
  await expectAllInKafka(senders);
  expect(pod.strayFiles()).toEqual([]);
});

test('a pod that is deleted during an outage leaves its events on the volume, and the next pod with it sends them', async () => {
  const volume = tempDir();
  const first = await start('ingress', volume, { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
  await untilReady('ingress', httpProbe(`${first.url}/healthz`), 60_000);
  const senders = sending(first);
  await senders.more(200);
  expect(await first.remove()).toEqual({ code: 0, signal: null });
  await senders.stop();
  expect(senders.places).toEqual({ kafka: 0, spool: senders.acknowledged.size });

  const second = await start('ingress', volume);
  await second.process.waitReady();
  await expectAllInKafka(senders);
  expect(await second.remove()).toEqual({ code: 0, signal: null });
});

test('a pod that is killed, as after its grace period, has lost no answered event once its volume has a pod again', async () => {
  const volume = tempDir();
  const first = await start('ingress', volume, { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
  await untilReady('ingress', httpProbe(`${first.url}/healthz`), 60_000);
  const senders = sending(first);
  await senders.more(200);
  await first.process.kill();
  await senders.stop();

  const second = await start('ingress', volume);
  await second.process.waitReady();
  await expectAllInKafka(senders);
});

test.each(['deleted', 'killed'] as const)(
  'a processor pod that is %s leaves every session to the next one',
  async (end) => {
    const sender = await start('ingress', tempDir());
    await sender.process.waitReady();
    const group = { PROCESSOR_GROUP_ID: `pod-life-${randomUUID()}` };
    const sessions = Array.from({ length: 200 }, (): string => randomUUID());
    const post = (ids: readonly string[]) => Promise.all(ids.map((id) => postFinalized(sender.url, id)));

    const first = await start('processor', tempDir(), group);
    await first.process.waitReady();
    await post(sessions.slice(0, 100));
    await complete.until(1, ({ key }) => key !== null && sessions.includes(key));
    const ending = end === 'deleted' ? first.remove() : first.process.kill();
    await post(sessions.slice(100));
    if (end === 'deleted') expect(await ending).toEqual({ code: 0, signal: null });
    await ending;
    expect(first.strayFiles()).toEqual([]);

    const second = await start('processor', tempDir(), group);
    await second.process.waitReady();
    await complete.untilKeys(sessions);
    const joined = complete.records.map(({ key }) => key).filter((key) => key !== null && sessions.includes(key));
    expect(joined.sort()).toEqual([...sessions].sort());
  },
);

/** A text session, which is complete at once. */
async function postFinalized(url: string, sessionId: string): Promise<void> {
  const response = await postTo(
    url,
    JSON.stringify({
      event: 'session.finalized',
      sessionId,
      timestamp: '2026-05-03T08:42:11.512Z',
      projectId: 'p-1',
      currentNodeId: 'n',
      messagesCount: 1,
      extractedVariables: {},
    }),
  );
  expect(response.status).toBe(202);
}
