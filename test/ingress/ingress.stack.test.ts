import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionOfKey } from '../../infra/kafka/protocol/murmur2.js';
import { ensureTopics } from '../../infra/kafka/topics/ensure-topics.js';
import { decodeWire } from '../../schemas/wire-format.js';
import { suiteEnv, suiteKafka } from '../support/stack-settings.js';
import { freePort, startIngressProgram, stopIngressPrograms, type IngressProgram } from './ingress-program.js';
import { postTo } from './post.js';
import { CALL_ENDED, ODD_SPELLING, RECORDING_READY, SESSION_ENDED } from './webhook/sample-events.js';
import { TopicReader } from './topic-reader.js';

const PARTITIONS = 5;
const env: Record<string, string> = { ...suiteEnv('ingress'), TOPIC_PARTITIONS: String(PARTITIONS) };
const { kafka, topics, settings } = suiteKafka(env);
const events = new TopicReader(kafka, topics.events);
const deadLetters = new TopicReader(kafka, topics.deadLetter);
let ingress: IngressProgram;

beforeAll(async () => {
  ingress = await startIngressProgram(env);
  await ingress.ready();
  await Promise.all([events.start(), deadLetters.start()]);
});

afterAll(async () => {
  await stopIngressPrograms();
  await Promise.all([events.stop(), deadLetters.stop()]);
});

const eventOf = (sessionId: string) => JSON.stringify({ ...SESSION_ENDED, sessionId });

describe('events in Kafka', () => {
  it('have the schema id, the sent bytes, the CloudEvents headers and the partition of the Java client', async () => {
    expect((await postTo(ingress.url, ODD_SPELLING)).status).toBe(202);
    const [record] = await events.until(1, ({ key }) => key === 'odd-ü-😀');
    const wire = decodeWire(record?.value ?? Buffer.alloc(0));
    expect(wire?.json.equals(ODD_SPELLING)).toBe(true);
    const registered = await fetch(`${settings.SCHEMA_REGISTRY_URL}/schemas/ids/${wire?.schemaId ?? 0}`);
    expect(((await registered.json()) as { schema: string }).schema).toContain('"title":"SessionEvent"');
    expect(record?.partition).toBe(partitionOfKey('odd-ü-😀', PARTITIONS));
    expect(record?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: expect.stringMatching(/^odd-ü-😀:session\.ended:[0-9a-f]{16}$/) as unknown,
      ce_type: 'session.ended',
      ce_source: '/ingress/pathors',
      ce_time: '2026-05-03T08:42:11Z',
      'received-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
    });
  });

  it('have the same id when delivered again', async () => {
    const body = JSON.stringify({ ...CALL_ENDED, sessionId: 'again' });
    await postTo(ingress.url, body);
    await postTo(ingress.url, body);
    const twice = await events.until(2, ({ key }) => key === 'again');
    expect(new Set(twice.map(({ headers }) => headers['ce_id'])).size).toBe(1);
  });

  it('are complete when many arrive at once', async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `crowd-${n}`);
    const statuses = await Promise.all(ids.map(async (id) => (await postTo(ingress.url, eventOf(id))).status));
    expect(new Set(statuses)).toEqual(new Set([202]));
    await events.untilKeys(ids);
  });
});

describe('dead letters in Kafka', () => {
  it('have the received bytes, and the reasons in headers', async () => {
    const violation = JSON.stringify({ ...RECORDING_READY, sessionId: 'dead', timestamp: 'soon' });
    expect((await postTo(ingress.url, violation)).status).toBe(422);
    expect((await postTo(ingress.url, '{"torn":')).status).toBe(400);
    const [[dead], [torn]] = await Promise.all([
      deadLetters.until(1, ({ key }) => key === 'dead'),
      deadLetters.until(1, ({ key }) => key === null),
    ]);
    expect(dead?.value.toString()).toBe(violation);
    expect(dead?.headers).toMatchObject({ reason: 'schema', 'remote-address': '127.0.0.1' });
    expect(JSON.parse(dead?.headers['errors'] ?? '')).toMatchObject([{ path: '/timestamp' }]);
    expect(JSON.stringify(dead?.headers)).not.toContain('secret');
    expect(torn?.value.toString()).toBe('{"torn":');
    expect(torn?.headers).toMatchObject({ reason: 'not_json' });
  });
});

describe('the program', () => {
  it('drains on SIGTERM: every event answered 202 is in Kafka, and the exit code is 0', async () => {
    const draining = await startIngressProgram(env);
    await draining.ready();
    const accepted: string[] = [];
    let stopped = false;
    const senders = Array.from({ length: 20 }, async (_, sender) => {
      for (let n = 0; ; n += 1) {
        const id = `drain-${sender}-${n}`;
        try {
          const response = await postTo(draining.url, eventOf(id));
          if (response.status === 202) accepted.push(id);
        } catch {
          // Connection refused: the program no longer listens.
          return;
        }
        if (accepted.length > 100 && !stopped) {
          stopped = true;
          await draining.signal('SIGTERM');
        }
      }
    });
    await Promise.all(senders);
    expect(await draining.exited).toEqual({ code: 0, signal: null });
    await events.untilKeys(accepted);
  });

  it('spools events while Kafka is unavailable, and answers accordingly', async () => {
    const alone = await startIngressProgram({ ...env, KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
    await expect.poll(() => statusOf(`${alone.url}/healthz`), { timeout: 20_000 }).toBe(200);
    expect(await (await postTo(alone.url, eventOf('nowhere'))).json()).toEqual({ status: 'accepted', stored: 'spool' });
    expect((await postTo(alone.url, '{"torn":')).status).toBe(400);
    await expect.poll(() => statusOf(`${alone.url}/readyz`), { timeout: 20_000 }).toBe(200);
    const metrics = await (await fetch(`${alone.url}/metrics`)).text();
    expect(metrics).toMatch(/^ingress_spool_records 2$/m);
    expect(metrics).toMatch(/^ingress_spool_oldest_seconds [1-9]/m);
    expect(metrics).toMatch(/^ingress_events_total\{event="session.ended",outcome="spool"\} 1$/m);
    await alone.signal('SIGTERM');
    expect(await alone.exited).toEqual({ code: 0, signal: null });
  });

  it('answers 503 and is not ready when Kafka is unavailable and the spool is full', async () => {
    const unavailable = { KAFKA_BROKERS: `127.0.0.1:${await freePort()}`, INGRESS_SPOOL_MAX_BYTES: '0' };
    const full = await startIngressProgram({ ...env, ...unavailable });
    await expect.poll(() => statusOf(`${full.url}/healthz`), { timeout: 20_000 }).toBe(200);
    const response = await postTo(full.url, eventOf('nowhere'));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await statusOf(`${full.url}/readyz`)).toBe(503);
    await full.signal('SIGTERM');
    expect(await full.exited).toEqual({ code: 0, signal: null });
  });

  it('does not start on a port in use', async () => {
    const second = await startIngressProgram({ ...env, INGRESS_PORT: String(ingress.port) });
    expect((await second.exited).code).toBe(1);
    expect(second.log()).toContain(`cannot listen on 127.0.0.1 port ${ingress.port}`);
  });

  it('does not start with invalid settings, and names them all', async () => {
    const wrong = await startIngressProgram({ ...env, INGRESS_TOKENS: '', INGRESS_WORKERS: 'many' });
    expect((await wrong.exited).code).toBe(1);
    expect(wrong.log()).toMatch(/2 settings are wrong:[^]*INGRESS_WORKERS[^]*INGRESS_TOKENS/);
  });

  it('keeps storing events when topics do not fit the join, and says what to change', async () => {
    const other = suiteKafka({ ...env, TOPIC_PREFIX: `${settings.TOPIC_PREFIX}unfit.` });
    await ensureTopics(other.kafka, other.topics, { partitions: 1, replicationFactor: 1 });
    const admin = other.kafka.admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: other.topics.events, count: 2 }] });
    await admin.disconnect();
    const unfit = await startIngressProgram({ ...env, TOPIC_PREFIX: other.settings.TOPIC_PREFIX });
    await unfit.ready();
    expect(await (await postTo(unfit.url, eventOf('unfit'))).json()).toEqual({ status: 'accepted', stored: 'kafka' });
    await expect
      .poll(() => checksOf(unfit.url), { timeout: 20_000 })
      .toMatchObject({
        topics: expect.stringContaining('must have the same number') as string,
        kafka: 'ok',
      });
    expect(await (await fetch(`${unfit.url}/metrics`)).text()).toContain(
      'ingress_dependency_ready{dependency="topics"} 0',
    );
    await unfit.signal('SIGTERM');
    expect(await unfit.exited).toEqual({ code: 0, signal: null });
  });
});

describe('several workers', () => {
  it('share a port, report the metrics of all, are restarted when they die, and drain together', async () => {
    const many = await startIngressProgram({ ...env, INGRESS_WORKERS: '2' });
    await many.ready();
    await expect.poll(() => readyWorkers(many.url), { timeout: 20_000 }).toEqual(['1', '2']);
    const ids = Array.from({ length: 50 }, (_, n) => `shared-${n}`);
    const statuses = await Promise.all(ids.map(async (id) => (await postTo(many.url, eventOf(id))).status));
    expect(new Set(statuses)).toEqual(new Set([202]));
    await events.untilKeys(ids);

    const victim = Number(/"pid":(\d+)[^\n]*"worker":"1"[^\n]*ingress listening/.exec(many.log())?.[1]);
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => many.log(), { timeout: 20_000 }).toContain('worker died, restarting it');
    await expect.poll(() => readyWorkers(many.url), { timeout: 20_000 }).toEqual(['1', '2']);

    await many.signal('SIGTERM');
    expect(await many.exited).toEqual({ code: 0, signal: null });
  });

  it('end with their supervisor', async () => {
    const many = await startIngressProgram({ ...env, INGRESS_WORKERS: '2' });
    await many.ready();
    await many.signal('SIGKILL');
    await many.exited;
    await expect.poll(() => statusOf(`${many.url}/healthz`), { timeout: 20_000 }).toBe(undefined);
  });
});

async function checksOf(url: string): Promise<unknown> {
  return ((await (await fetch(`${url}/readyz?verbose`)).json()) as { checks: unknown }).checks;
}

/** `undefined` if there is no answer. */
async function statusOf(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url)).status;
  } catch {
    return undefined;
  }
}

/** Numbers of the workers that are ready. */
async function readyWorkers(url: string): Promise<string[]> {
  try {
    const text = await (await fetch(`${url}/metrics`)).text();
    return [...text.matchAll(/^ingress_ready{worker="(\d+)"} 1$/gm)].map(([, worker]) => worker ?? '').sort();
  } catch {
    return [];
  }
}
