import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { obtainStack, type LocalStack } from '../../dev/local-stack/obtain-stack.js';
import { startedProcesses } from '../dev/local-stack/launched.js';
import { suiteEnv, suiteKafka } from '../support/stack-settings.js';
import { freePort, startIngressProgram, stopIngressPrograms, type IngressProgram } from './ingress-program.js';
import { postTo } from './post.js';
import { SESSION_ENDED } from './webhook/sample-events.js';
import { SessionSenders } from './session-senders.js';
import { TopicReader } from './topic-reader.js';

const SESSIONS = 40;
const dir = mkdtempSync(join(tmpdir(), 'spool-program-'));
let stack: LocalStack;
let env: Record<string, string>;
let events: TopicReader;

/** This suite stops and kills its own broker. */
beforeAll(async () => {
  const { KAFKA_BROKERS: _kafka, SCHEMA_REGISTRY_URL: _registry, S3_ENDPOINT: _s3, ...rest } = process.env;
  stack = await obtainStack({ dir, portBase: 'free', env: { ...rest, STACK: 'native' }, log: () => undefined });
  env = { ...suiteEnv('spool'), ...stack.endpoints, INGRESS_ACK_TIMEOUT_MS: '500' };
  events = newReader();
});

afterAll(async () => {
  await stopIngressPrograms();
  await events.stop();
  await stack.stop();
  rmSync(dir, { recursive: true, force: true });
});

function newReader(): TopicReader {
  const { kafka, topics } = suiteKafka(env);
  return new TopicReader(kafka, topics.events);
}

function broker(): number {
  const pid = startedProcesses(dir).find((one) => readFileSync(`/proc/${one}/cmdline`, 'utf8').includes('kafka.Kafka'));
  if (pid === undefined) throw new Error('the broker is not running');
  return pid;
}

async function spoolGauge(ingress: IngressProgram, name: string): Promise<number> {
  try {
    const text = await (await fetch(`${ingress.url}/metrics`)).text();
    return Number(new RegExp(`^ingress_spool_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  } catch {
    return NaN;
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url).then(
    ({ status }) => status,
    () => undefined,
  );
}

async function expectAllInOrder(senders: SessionSenders): Promise<void> {
  await expect
    .poll(() => [...senders.firstArrivals(events.records).values()].flat().length, { timeout: 60_000, interval: 200 })
    .toBe(senders.acknowledged.size);
  for (const numbers of senders.firstArrivals(events.records).values()) {
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
}

describe('an outage of Kafka', () => {
  const port = freePort();
  const settings = async () => ({
    ...env,
    INGRESS_PORT: String(await port),
    INGRESS_SPOOL_DIR: join(dir, 'spool'),
  });
  let ingress: IngressProgram;

  it('causes no refusal and no loss when the broker hangs and continues', async () => {
    ingress = await startIngressProgram(await settings());
    await ingress.ready();
    await events.start();
    const senders = new SessionSenders(ingress.url, 'hang', SESSIONS);
    await senders.more(500);
    const pid = broker();
    process.kill(pid, 'SIGSTOP');
    await senders.more(2_000);
    process.kill(pid, 'SIGCONT');
    await expect.poll(() => spoolGauge(ingress, 'bytes'), { timeout: 60_000, interval: 50 }).toBe(0);
    await senders.more(500);
    await senders.stop();
    expect(senders.refusals).toEqual([]);
    expect(senders.unanswered).toBe(0);
    expect(senders.places.spool).toBeGreaterThan(1_000);
    await expectAllInOrder(senders);
  });

  it('causes no refusal and no loss when the broker is killed and restarted', async () => {
    const senders = new SessionSenders(ingress.url, 'kill', SESSIONS);
    await senders.more(500);
    // Otherwise its consumer group would need half a minute to recover.
    await events.stop();
    process.kill(broker(), 'SIGKILL');
    await senders.more(2_000);
    await senders.stop();
    // A killed broker restarts slowly and uses the whole machine.
    await expect.poll(() => spoolGauge(ingress, 'bytes'), { timeout: 100_000, interval: 50 }).toBe(0);
    events = newReader();
    await events.start();
    expect(senders.refusals).toEqual([]);
    expect(senders.unanswered).toBe(0);
    await expectAllInOrder(senders);
  });

  it('causes no loss when the ingress is killed several times meanwhile', async () => {
    const senders = new SessionSenders(ingress.url, 'both', SESSIONS);
    await senders.more(300);
    const pid = broker();
    process.kill(pid, 'SIGSTOP');
    try {
      for (let kill = 0; kill < 3; kill += 1) {
        await senders.more(400);
        await ingress.signal('SIGKILL');
        await ingress.exited;
        ingress = await startIngressProgram(await settings());
      }
      await senders.more(400);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await expect.poll(() => spoolGauge(ingress, 'bytes'), { timeout: 60_000, interval: 50 }).toBe(0);
    await ingress.signal('SIGKILL');
    await ingress.exited;
    ingress = await startIngressProgram(await settings());
    await senders.more(300);
    await senders.stop();
    expect(senders.refusals).toEqual([]);
    expect(senders.places.spool).toBeGreaterThan(1_000);
    await expectAllInOrder(senders);
    await ingress.signal('SIGTERM');
    expect(await ingress.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a full disk', () => {
  it('causes 503 until there is space, and no loss of acknowledged events', async () => {
    const root = join(dir, 'small');
    mkdirSync(root);
    const isMounted = mount(['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]);
    const limit: Record<string, string> = isMounted ? {} : { INGRESS_SPOOL_MAX_BYTES: '1000000' };
    const settings = { ...env, ...limit, INGRESS_SPOOL_DIR: root };
    try {
      const unavailable = { ...settings, KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
      const ingress = await startIngressProgram(unavailable);
      await ingress.ready();
      const kept: string[] = [];
      const post = async (id: string): Promise<number> => {
        const body = JSON.stringify({ ...SESSION_ENDED, sessionId: id, padding: 'x'.repeat(50_000) });
        const { status } = await postTo(ingress.url, body);
        if (status === 202) kept.push(id);
        return status;
      };
      const statuses: number[] = [];
      for (let n = 0; n < 40; n += 1) statuses.push(await post(`full-${n}`));
      expect(new Set(statuses)).toEqual(new Set([202, 503]));
      expect(kept.length).toBeGreaterThan(10);
      expect(await statusOf(`${ingress.url}/readyz`)).toBe(503);
      if (isMounted) {
        mount(['-o', 'remount,size=8m', root]);
        await expect.poll(() => statusOf(`${ingress.url}/readyz`), { timeout: 20_000 }).toBe(200);
        expect(await post('full-again')).toBe(202);
      }
      await ingress.signal('SIGKILL');
      await ingress.exited;

      const back = await startIngressProgram(settings);
      await back.ready();
      await events.untilKeys(kept);
      await expect.poll(() => spoolGauge(back, 'bytes'), { timeout: 20_000 }).toBe(0);
      await back.signal('SIGTERM');
      expect(await back.exited).toEqual({ code: 0, signal: null });
      expect(readdirSync(join(root, 'worker-1', 'events'))).toEqual([]);
    } finally {
      if (isMounted) execFileSync('umount', [root]);
    }
  });
});

/** Returns false without permission: mounting requires root, and is not permitted in every container. */
function mount(options: readonly string[]): boolean {
  try {
    execFileSync('mount', options, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
