import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { suiteEnv, suiteKafka } from '../support/stack-settings.js';
import { freePort, startIngressProgram, stopIngressPrograms, type IngressProgram } from './ingress-program.js';
import { postTo } from './post.js';
import { TopicReader } from './topic-reader.js';
import { SESSION_ENDED } from './webhook/sample-events.js';

const LIMIT_BYTES = 50_000;
const env = suiteEnv('spool-lifecycle');
const { kafka, topics } = suiteKafka(env);
const dir = mkdtempSync(join(tmpdir(), 'spool-lifecycle-'));
const events = new TopicReader(kafka, topics.events);
const deadLetters = new TopicReader(kafka, topics.deadLetter);
let unreachable: Record<string, string>;

/** As a platform team may have created them: with a small record limit. */
beforeAll(async () => {
  unreachable = { ...env, KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: Object.values(topics).map((topic) => ({
      topic,
      numPartitions: 2,
      replicationFactor: 1,
      configEntries: [
        { name: 'message.timestamp.type', value: 'LogAppendTime' },
        { name: 'max.message.bytes', value: String(LIMIT_BYTES) },
      ],
    })),
  });
  await admin.disconnect();
  await Promise.all([events.start(), deadLetters.start()]);
});

afterAll(async () => {
  await stopIngressPrograms();
  await Promise.all([events.stop(), deadLetters.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const post = (ingress: IngressProgram, sessionId: string, paddingBytes = 0) =>
  postTo(ingress.url, JSON.stringify({ ...SESSION_ENDED, sessionId, padding: 'x'.repeat(paddingBytes) }));

async function stop(ingress: IngressProgram): Promise<Record<string, unknown>[]> {
  await ingress.signal('SIGTERM');
  expect(await ingress.exited).toEqual({ code: 0, signal: null });
  return logOf(ingress);
}

function logOf(ingress: IngressProgram): Record<string, unknown>[] {
  const lines = ingress.log().split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function metric(ingress: IngressProgram, name: string): Promise<number> {
  const text = await (await fetch(`${ingress.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

it('says at SIGTERM what remains in the spool, where, and what to do', async () => {
  const root = join(dir, 'stopped');
  const ingress = await startIngressProgram({ ...unreachable, INGRESS_SPOOL_DIR: root });
  await ingress.ready();
  for (const id of ['a', 'b', 'c']) expect((await post(ingress, `stopped-${id}`)).status).toBe(202);
  expect(await metric(ingress, 'ingress_spool_records')).toBe(3);
  const warning = (await stop(ingress)).find(({ msg }) => String(msg).startsWith('records remain in the spool'));
  expect(warning).toMatchObject({ level: 40, dir: join(root, 'worker-1'), records: 3 });
  expect(warning?.['bytes']).toBeGreaterThan(500);
  expect(warning?.['msg']).toContain('--drain-spool');
});

it('serves with Kafka alone while the spool folder cannot be used, and drains it once it can', async () => {
  const root = join(dir, 'in-the-way');
  const before = await startIngressProgram({ ...unreachable, INGRESS_SPOOL_DIR: root });
  await before.ready();
  expect((await post(before, 'spooled-before')).status).toBe(202);
  await before.signal('SIGKILL');
  await before.exited;
  renameSync(root, `${root}.elsewhere`);
  writeFileSync(root, 'a file');

  const noKafka = await startIngressProgram({ ...unreachable, INGRESS_SPOOL_DIR: root });
  await expect
    .poll(
      () =>
        fetch(`${noKafka.url}/healthz`).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 60_000 },
    )
    .toBe(200);
  const readiness = await fetch(`${noKafka.url}/readyz`);
  expect(readiness.status).toBe(503);
  expect(await readiness.text()).toContain('is unavailable: something that is not a folder is in the way');
  expect((await post(noKafka, 'refused')).status).toBe(503);
  await stop(noKafka);

  const ingress = await startIngressProgram({ ...env, INGRESS_SPOOL_DIR: root });
  await ingress.ready();
  const answer = await post(ingress, 'direct');
  expect(await answer.json()).toEqual({ status: 'accepted', stored: 'kafka' });
  expect(await metric(ingress, 'ingress_spool_available')).toBe(0);
  const faults = logOf(ingress).filter(({ fault }) => fault !== undefined);
  expect(faults).toMatchObject([
    { level: 50, dir: root, fix: expect.stringContaining('remove or rename it') as string },
  ]);
  rmSync(root);
  renameSync(`${root}.elsewhere`, root);
  await events.untilKeys(['spooled-before', 'direct']);
  await expect.poll(() => metric(ingress, 'ingress_spool_available'), { timeout: 20_000 }).toBe(1);
  await stop(ingress);
});

it('does not answer 202 for an event that the topic never takes, and cuts one that it has spooled already', async () => {
  const root = join(dir, 'large');
  const before = await startIngressProgram({ ...unreachable, INGRESS_SPOOL_DIR: root });
  await before.ready();
  expect((await post(before, 'large-spooled', 2 * LIMIT_BYTES)).status).toBe(202);
  expect((await post(before, 'small-spooled')).status).toBe(202);
  await stop(before);

  const ingress = await startIngressProgram({ ...env, INGRESS_SPOOL_DIR: root });
  await ingress.ready();
  const [letter] = await deadLetters.until(1, ({ key }) => key === 'large-spooled');
  expect(letter?.headers['reason']).toBe('refused_by_kafka');
  expect(Number(letter?.headers['cut-from-bytes'])).toBeGreaterThan(2 * LIMIT_BYTES);
  expect(letter?.value.length).toBeGreaterThan(0.9 * LIMIT_BYTES);
  await events.untilKeys(['small-spooled']);
  await expect.poll(() => metric(ingress, 'ingress_spool_records'), { timeout: 20_000 }).toBe(0);

  expect((await post(ingress, 'large-direct', LIMIT_BYTES)).status).toBe(413);
  expect((await post(ingress, 'small-direct', LIMIT_BYTES - 8_000)).status).toBe(202);
  await events.untilKeys(['small-direct']);
  expect(await metric(ingress, 'ingress_rejected_requests_total{reason="too_large"}'.replace(/[{}"]/g, '\\$&'))).toBe(
    1,
  );
  const log = await stop(ingress);
  expect(log.map(({ msg }) => msg)).toContain('the spool is empty');
  expect(readdirSync(join(root, 'worker-1', 'dead-letter'))).toEqual([]);
});
