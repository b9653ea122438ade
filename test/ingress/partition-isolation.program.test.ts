import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startProgram } from '../../dev/local-stack/process/program.js';
import { partitionOfKey } from '../../infra/kafka/protocol/murmur2.js';
import { KafkaCluster } from '../support/kafka-cluster.js';
import { suiteEnv, suiteKafka } from '../support/stack-settings.js';
import { TopicRecords } from '../support/topic-records.js';
import { freePort, startIngressProgram, stopIngressPrograms, type IngressProgram } from './ingress-program.js';
import { postTo } from './post.js';
import { SESSION_ENDED } from './webhook/sample-events.js';

/** Completes a session that was not a call. */
const SESSION_FINALIZED = { ...SESSION_ENDED, event: 'session.finalized', projectId: 'project-1' };
const PARTITIONS = 6;
/** Its only replica of `session.events` is on broker 3. */
const SICK = 2;
const dir = mkdtempSync(join(tmpdir(), 'partition-isolation-'));
let cluster: KafkaCluster;
let env: Record<string, string>;
let ingress: IngressProgram;
let processor: ReturnType<typeof startProgram> | undefined;
let processorUrl: string;

beforeAll(async () => {
  const ports = [];
  for (let broker = 0; broker < 3; broker += 1) ports.push({ broker: await freePort(), controller: await freePort() });
  cluster = await KafkaCluster.start(dir, ports);
  env = {
    ...suiteEnv('isolation'),
    KAFKA_BROKERS: cluster.bootstrap,
    TOPIC_PARTITIONS: String(PARTITIONS),
  };
  await createTopics();
  ingress = await startIngressProgram({ ...env, INGRESS_SPOOL_DIR: join(dir, 'spool') });
  await ingress.ready();
  const port = await freePort();
  processorUrl = `http://127.0.0.1:${port}`;
  processor = startProgram({
    name: 'processor',
    script: resolve('dist/processor/main.js'),
    env: {
      PATH: process.env['PATH'],
      ...env,
      PROCESSOR_HOST: '127.0.0.1',
      PROCESSOR_PORT: String(port),
      PROCESSOR_ROLES: 'join',
      PROCESSOR_GROUP_ID: randomUUID(),
    },
    logFile: join(dir, 'processor.log'),
    readyUrl: `${processorUrl}/readyz`,
  });
  await processor.waitReady();
});

afterAll(async () => {
  await stopIngressPrograms();
  await processor?.kill();
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function createTopics(): Promise<void> {
  const { kafka, topics } = suiteKafka(env);
  const admin = kafka.admin();
  await admin.connect();
  const isComplete = async () => expect((await admin.describeCluster()).brokers).toHaveLength(3);
  await vi.waitFor(isComplete, { timeout: 60_000, interval: 200 });
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({
      topic,
      replicaAssignment: Array.from({ length: PARTITIONS }, (_, partition) => {
        const isSick = topic === topics.events && partition === SICK;
        return { partition, replicas: [isSick ? 3 : 1 + (partition % 2)] };
      }),
      configEntries: [
        { name: 'message.timestamp.type', value: 'LogAppendTime' },
        { name: 'max.message.bytes', value: String(9 * 1024 * 1024) },
        ...(topic === topics.changelog ? [{ name: 'cleanup.policy', value: 'compact' }] : []),
      ],
    })),
  });
  await admin.disconnect();
}

async function leaderOfSick(): Promise<number | undefined> {
  const { kafka, topics } = suiteKafka(env);
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [topics.events] });
    return found[0]?.partitions.find(({ partitionId }) => partitionId === SICK)?.leader;
  } finally {
    await admin.disconnect();
  }
}

function sessions(count: number, isSick: boolean): string[] {
  const ids: string[] = [];
  while (ids.length < count) {
    const id = randomUUID();
    if ((partitionOfKey(id, PARTITIONS) === SICK) === isSick) ids.push(id);
  }
  return ids;
}

/** Sends both events of each session. @returns where each was stored. */
async function send(ids: readonly string[]): Promise<Set<string | undefined>> {
  const places = new Set<string | undefined>();
  for (const sessionId of ids) {
    for (const event of [SESSION_ENDED, SESSION_FINALIZED]) {
      const response = await postTo(ingress.url, JSON.stringify({ ...event, sessionId }));
      expect(response.status).toBe(202);
      places.add(((await response.json()) as { stored?: string }).stored);
    }
  }
  return places;
}

async function unavailable(): Promise<number> {
  const text = await (await fetch(`${ingress.url}/metrics`)).text();
  return Number(/^ingress_partitions_unavailable (\d+)$/m.exec(text)?.[1]);
}

it(
  'one partition without a leader holds up its own sessions only, and loses nothing',
  { timeout: 300_000 },
  async () => {
    const { kafka, topics } = suiteKafka(env);
    const complete = await TopicRecords.open(kafka, topics.complete);
    const joined = (ids: readonly string[]) =>
      complete.until((records) => {
        const keys = new Set(records.map(({ key }) => String(key)));
        return ids.every((id) => keys.has(id));
      });
    const before = [...sessions(5, true), ...sessions(10, false)];
    expect(await send(before)).toEqual(new Set(['kafka']));
    await joined(before);

    await cluster.killBroker(3);
    const sick = sessions(5, true);
    const well = sessions(20, false);
    // While the broker still counts as alive.
    expect(await send(well.slice(0, 10))).toEqual(new Set(['kafka']));
    expect(await send(sick.slice(0, 2))).toEqual(new Set(['spool']));
    await expect.poll(leaderOfSick, { timeout: 60_000 }).toBe(-1);
    // And without a leader.
    expect(await send(well.slice(10))).toEqual(new Set(['kafka']));
    expect(await send(sick.slice(2))).toEqual(new Set(['spool']));
    expect(await unavailable()).toBe(1);
    expect(ingress.log()).toMatch(new RegExp(`"partition":${SICK},"leader":3`));
    await joined(well);
    expect((await fetch(`${processorUrl}/readyz`)).status).toBe(200);

    // A restart finds the partition's spool, and the topics in order.
    await ingress.signal('SIGTERM');
    await ingress.exited;
    ingress = await startIngressProgram({ ...env, INGRESS_SPOOL_DIR: join(dir, 'spool') });
    await ingress.ready();
    const later = sessions(10, false);
    await expect.poll(async () => [...(await send(sessions(1, false)))], { timeout: 60_000 }).toEqual(['kafka']);
    expect(await send(later)).toEqual(new Set(['kafka']));
    sick.push(...sessions(2, true));
    expect(await send(sick.slice(-2))).toEqual(new Set(['spool']));
    await joined(later);
    expect(complete.records.some(({ key }) => sick.includes(String(key)))).toBe(false);

    await cluster.startBroker(3);
    await joined(sick);
    await expect.poll(unavailable, { timeout: 60_000 }).toBe(0);
    expect(await send(sessions(3, true))).toEqual(new Set(['kafka']));
    await complete.close();
  },
);
