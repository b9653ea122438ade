import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopics } from '../../infra/kafka/topics/ensure-topics.js';
import { fakeRegistry, json, type Handler } from '../infra/schema-registry/fake-registry.js';
import { suiteEnv, suiteKafka } from '../support/stack-settings.js';
import { startIngressProgram, stopIngressPrograms } from './ingress-program.js';
import { postTo } from './post.js';
import { TopicReader } from './topic-reader.js';
import { SESSION_ENDED } from './webhook/sample-events.js';

const RESTARTS = 2;
const env = suiteEnv('registry-outage');
const { kafka, topics } = suiteKafka(env);
const events = new TopicReader(kafka, topics.events);
const dir = mkdtempSync(join(tmpdir(), 'registry-outage-'));

beforeAll(async () => {
  await ensureTopics(kafka, topics, { partitions: 2, replicationFactor: 1 });
  await events.start();
});

afterAll(async () => {
  await stopIngressPrograms();
  await events.stop();
  rmSync(dir, { recursive: true, force: true });
});

const refuse =
  (status: number): Handler =>
  (_request, response) =>
    json(response, status, { message: 'no' });

const OUTAGES: readonly [name: string, handler: Handler][] = [
  ['resets connections', (request) => request.socket.destroy()],
  ['never answers', () => undefined],
  ...[401, 403, 404, 409, 422, 500].map((status): [string, Handler] => [`answers ${status}`, refuse(status)]),
];

const eventOf = (sessionId: string) => JSON.stringify({ ...SESSION_ENDED, sessionId });

describe('a registry outage while the ingress restarts', () => {
  it.each(OUTAGES)('loses no event when the registry %s', async (name, handler) => {
    let isDown = true;
    const registry = await fakeRegistry((request, response, body) => {
      if (isDown) handler(request, response, body);
      else json(response, 200, { id: 1 });
    });
    const settings = {
      ...env,
      SCHEMA_REGISTRY_URL: registry.url,
      INGRESS_SPOOL_DIR: join(dir, name.replaceAll(' ', '-')),
    };
    const ids: string[] = [];
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const ingress = await startIngressProgram(settings);
      await expect.poll(async () => (await fetch(`${ingress.url}/healthz`)).status, { timeout: 30_000 }).toBe(200);
      const id = `${name} ${restart}`;
      expect(await (await postTo(ingress.url, eventOf(id))).json()).toEqual({ status: 'accepted', stored: 'spool' });
      ids.push(id);
      const { checks } = (await (await fetch(`${ingress.url}/readyz?verbose`)).json()) as {
        checks: Record<string, string>;
      };
      expect(checks['schemas']).not.toBe('ok');
      await ingress.signal('SIGTERM');
      expect(await ingress.exited).toEqual({ code: 0, signal: null });
    }
    isDown = false;
    const recovered = await startIngressProgram(settings);
    await events.untilKeys(ids);
    await recovered.signal('SIGTERM');
    await recovered.exited;

    // The id is saved now: the next outage does not even need the spool.
    isDown = true;
    const restarted = await startIngressProgram(settings);
    await restarted.ready();
    await expect
      .poll(async () => (await (await postTo(restarted.url, eventOf(`${name} again`))).json()) as object, {
        timeout: 30_000,
      })
      .toEqual({ status: 'accepted', stored: 'kafka' });
    await restarted.signal('SIGTERM');
    await restarted.exited;
  });
});
