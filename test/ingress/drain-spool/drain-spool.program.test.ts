import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeFs } from '../../../ingress/spool/file-system.js';
import { WorkerSpool } from '../../../ingress/spool/worker-spool.js';
import { decodeWire } from '../../../schemas/wire-format.js';
import { silent, suiteEnv, suiteKafka } from '../../support/stack-settings.js';
import { freePort, startIngressProgram, stopIngressPrograms } from '../ingress-program.js';
import { postTo } from '../post.js';
import { TopicReader } from '../topic-reader.js';
import { SESSION_ENDED } from '../webhook/sample-events.js';
import { runMain } from './run-main.js';

const env: Record<string, string> = { ...suiteEnv('drain-spool'), LOG_LEVEL: 'warn' };
const { kafka, topics } = suiteKafka(env);
const dir = mkdtempSync(join(tmpdir(), 'drain-spool-'));
const events = new TopicReader(kafka, topics.events);
const deadLetters = new TopicReader(kafka, topics.deadLetter);

beforeAll(async () => {
  // Creates the topics.
  const ingress = await startIngressProgram({ ...env, INGRESS_SPOOL_DIR: join(dir, 'first') });
  await ingress.ready();
  await ingress.signal('SIGTERM');
  await ingress.exited;
  await Promise.all([events.start(), deadLetters.start()]);
});

afterAll(async () => {
  await stopIngressPrograms();
  await Promise.all([events.stop(), deadLetters.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const eventOf = (sessionId: string, number: number, padding = '') =>
  JSON.stringify({ ...SESSION_ENDED, sessionId, messagesCount: number, padding });

/** The numbers of a session's events in the topic, without repetitions, in the order of their first arrival. */
function arrivals(sessionId: string): number[] {
  const numbers = events.records.flatMap(({ key, value }) => {
    if (key !== sessionId) return [];
    return (JSON.parse(decodeWire(value)?.json.toString() ?? '{}') as { messagesCount: number }).messagesCount;
  });
  return [...new Set(numbers)];
}

const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

it('sends what an ingress left that was killed while Kafka was down, in order, and refuses while it lives', async () => {
  const root = join(dir, 'killed');
  const ingress = await startIngressProgram({
    ...env,
    INGRESS_SPOOL_DIR: root,
    KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
  });
  await ingress.ready();
  const sessions = upTo(5).map((session) => `killed-${session}`);
  for (const number of upTo(20)) {
    const answers = await Promise.all(sessions.map((id) => postTo(ingress.url, eventOf(id, number))));
    expect(answers.map(({ status }) => status)).toEqual(sessions.map(() => 202));
  }
  expect((await postTo(ingress.url, '{"torn":')).status).toBe(400);

  for (const folder of [root, join(root, 'worker-1')]) {
    const refused = await runMain(['--drain-spool', folder], env).ended;
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toBe(
      `ingress: ${join(root, 'worker-1')} belongs to a running process (pid ${await ingress.pid}), which drains it itself: stop it first\n`,
    );
  }

  await ingress.signal('SIGKILL');
  await ingress.exited;
  const drained = await runMain(['--drain-spool', root], env).ended;
  expect(drained).toMatchObject({ code: 0, stderr: '' });
  expect(drained.stdout).toContain('101 records in');
  expect(drained.stdout).toContain(`done: 101 records are in Kafka, ${root} is empty\n`);
  expect(readdirSync(join(root, 'worker-1', 'events'))).toEqual([]);
  await events.until(100, ({ key }) => key?.startsWith('killed-') === true);
  for (const session of sessions) expect(arrivals(session)).toEqual(upTo(20));
  await deadLetters.until(1, ({ value }) => value.toString() === '{"torn":');

  const again = await runMain(['--drain-spool', root], env).ended;
  expect(again).toMatchObject({ code: 0, stderr: '' });
});

it('loses nothing if it is killed half way and run again', async () => {
  const root = join(dir, 'half-way');
  const count = 4_000;
  for (const worker of [1, 2]) {
    const spool = await WorkerSpool.open({ fs: nodeFs, root, worker, workers: 2, maxBytes: 1e9, logger: silent });
    const append = (number: number) => {
      const body = Buffer.from(eventOf(`half-${worker}`, number, 'x'.repeat(2_000)));
      return spool.events.append({ stream: 'events', key: `half-${worker}`, body, headers: {} });
    };
    for (let from = 0; from < count; from += 500) {
      await Promise.all(upTo(500).map((number) => append(from + number)));
    }
    await spool.close();
  }
  const first = runMain(['--drain-spool', root], env);
  await events.until(1, ({ key }) => key === 'half-1');
  first.kill();
  await first.ended;
  expect(await runMain(['--drain-spool', root], env).ended).toMatchObject({ code: 0, stderr: '' });
  await expect
    .poll(() => [arrivals('half-1').length, arrivals('half-2').length], { timeout: 60_000, interval: 500 })
    .toEqual([count, count]);
  for (const session of ['half-1', 'half-2']) expect(arrivals(session)).toEqual(upTo(count));
});

it('waits for Kafka, and says what remains when it is stopped', async () => {
  const root = join(dir, 'stopped');
  const spool = await WorkerSpool.open({ fs: nodeFs, root, worker: 1, workers: 1, maxBytes: 1e9, logger: silent });
  await spool.events.append({
    stream: 'events',
    key: 'stopped',
    body: Buffer.from(eventOf('stopped', 0)),
    headers: {},
  });
  await spool.close();
  const unreachable = { ...env, KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
  const run = runMain(['--drain-spool', root], unreachable);
  await run.printed('waiting for Kafka');
  run.signal('SIGTERM');
  expect(await run.ended).toMatchObject({
    code: 1,
    stderr: `ingress: stopped: 1 records remain in ${root}, run this again to send them\n`,
  });
});

it.each([
  [['--help'], 0, /^usage: /],
  [['--drain-spool'], 1, /^$/],
  [['--drain-spoon', 'x'], 1, /^$/],
  [['worker', '2'], 1, /^$/],
])('with %j exits with %i and starts nothing', async (args, code, stdout) => {
  const run = await runMain(args).ended;
  expect(run.code).toBe(code);
  expect(run.stdout).toMatch(stdout);
  if (code !== 0) expect(run.stderr).toMatch(/^ingress: .*[\s\S]*usage: /);
});
