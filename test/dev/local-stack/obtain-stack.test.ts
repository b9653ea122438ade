import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { obtainStack } from '../../../dev/local-stack/obtain-stack.js';
import { startOf } from '../../../infra/program/pid-lock.js';
import { findFreeBase, portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { fakeBroker, fakeHttp, takenPort } from './fake-services.js';
import { tempDir } from '../../support/temp-dir.js';

const log = () => undefined;
const obtain = (env: Record<string, string>, dir = tempDir()) => obtainStack({ dir, env, log, portBase: 'free' });

describe('given endpoints', () => {
  test('are used as they are, and not stopped', async () => {
    const stack = await obtain({
      KAFKA_BROKERS: `127.0.0.1:${await fakeBroker(() => 1)}`,
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${await fakeHttp(200)}`,
      S3_ENDPOINT: `http://127.0.0.1:${await fakeHttp(403)}`,
    });
    expect(stack.mode).toBe('given');
    await stack.stop();
  });

  test('that do not answer are named', { timeout: 30_000 }, async () => {
    const silent = await findFreeBase();
    const env = {
      KAFKA_BROKERS: `127.0.0.1:${await fakeBroker(() => 1)}`,
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${silent}`,
      S3_ENDPOINT: `http://127.0.0.1:${silent + 1}`,
    };
    await expect(obtain(env)).rejects.toThrow(
      `no answer within 5 s from the schema registry at http://127.0.0.1:${silent}, nor from the object store at http://127.0.0.1:${silent + 1} (given in the settings)`,
    );
  });
});

describe('a stack of our own', () => {
  test('STACK of another name is refused', async () => {
    await expect(obtain({ STACK: 'podman' })).rejects.toThrow('STACK must be native or docker, not "podman"');
  });

  test('STACK=docker without an engine says what to do', async () => {
    await expect(obtain({ STACK: 'docker', PATH: tempDir() })).rejects.toThrow(
      'no Docker engine with the compose plugin answers',
    );
  });

  test('missing tools are said before anything is downloaded', async () => {
    const env = { STACK_CACHE_DIR: join(tempDir(), 'cache'), PATH: tempDir() };
    await expect(obtain(env)).rejects.toThrow(/^the local stack needs Java 17 .*; Maven .*; Go /);
  });

  test('a failure leaves the folder free for the next try', async () => {
    const dir = tempDir();
    await expect(obtain({ STACK: 'podman' }, dir)).rejects.toThrow('STACK must be');
    await expect(obtain({ STACK: 'lxc' }, dir)).rejects.toThrow('"lxc"');
  });
});

describe('a live launcher in the same folder', () => {
  /** The state of a launcher with the process id of a child of ours, whose stack is ready. */
  async function launcher(dir: string) {
    const child = spawn('sleep', ['600']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const pid = child.pid ?? 0;
    writeFileSync(join(dir, 'launcher.lock'), `${pid} ${startOf(pid)}\n`);
    const ports = {
      ...portPlan({}, await findFreeBase()),
      kafka: await fakeBroker(() => 1),
      registry: await fakeHttp(200),
      minio: await fakeHttp(403),
    };
    const endpoints = localEndpoints(ports, {});
    const said = { pid, start: startOf(pid), mode: 'native', endpoints };
    return { child, pid, endpoints, say: () => writeFileSync(join(dir, 'stack.json'), JSON.stringify(said)) };
  }

  test('lends its stack', async () => {
    const dir = tempDir();
    const other = await launcher(dir);
    other.say();
    const stack = await obtain({}, dir);
    expect(stack).toMatchObject({ mode: 'attached', endpoints: other.endpoints, running: { pid: other.pid } });
    await stack.stop();
  });

  test('is waited for while it starts', async () => {
    const dir = tempDir();
    const other = await launcher(dir);
    const obtaining = obtain({}, dir);
    other.say();
    expect((await obtaining).mode).toBe('attached');
  });

  test('that dies while it starts leaves its place', async () => {
    const dir = tempDir();
    const other = await launcher(dir);
    const obtaining = obtain({ STACK: 'podman' }, dir);
    other.child.kill('SIGKILL');
    // Its turn has come: the next thing that it looks at is wrong on purpose.
    await expect(obtaining).rejects.toThrow('STACK must be');
  });
});

test('a taken port is an error before anything is started', async () => {
  const taken = await takenPort();
  const env = { STACK: 'native', PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
  await expect(obtainStack({ dir: tempDir(), env, log, portBase: taken })).rejects.toThrow(
    new RegExp(`ports? ${taken} \\(Kafka\\)|the local stack needs`),
  );
});
