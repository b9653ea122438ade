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
  test('are used and not stopped', async () => {
    const stack = await obtain({
      KAFKA_BROKERS: `127.0.0.1:${await fakeBroker(() => 1)}`,
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${await fakeHttp(200)}`,
      S3_ENDPOINT: `http://127.0.0.1:${await fakeHttp(403)}`,
    });
    expect(stack.mode).toBe('given');
    await stack.stop();
  });

  test('that do not answer are named in the error', { timeout: 30_000 }, async () => {
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
  test('an unknown value of STACK is rejected', async () => {
    await expect(obtain({ STACK: 'podman' })).rejects.toThrow('STACK must be native or docker, not "podman"');
  });

  test('STACK=docker without an engine is an error that tells what to do', async () => {
    await expect(obtain({ STACK: 'docker', PATH: tempDir() })).rejects.toThrow(
      'no Docker engine with the compose plugin answers',
    );
  });

  test('missing tools are reported before anything is downloaded', async () => {
    const env = { STACK_CACHE_DIR: join(tempDir(), 'cache'), PATH: tempDir() };
    await expect(obtain(env)).rejects.toThrow(/^the local stack needs Java 17 .*; Maven .*; Go /);
  });

  test('a failure leaves the folder usable for the next attempt', async () => {
    const dir = tempDir();
    await expect(obtain({ STACK: 'podman' }, dir)).rejects.toThrow('STACK must be');
    await expect(obtain({ STACK: 'lxc' }, dir)).rejects.toThrow('"lxc"');
  });
});

describe('a live launcher in the same folder', () => {
  /** The state of a launcher with a ready stack. Its process id is that of a child of this test. */
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
    const announced = { pid, start: startOf(pid), mode: 'native', endpoints };
    return { child, pid, endpoints, announce: () => writeFileSync(join(dir, 'stack.json'), JSON.stringify(announced)) };
  }

  test('lends its stack', async () => {
    const dir = tempDir();
    const other = await launcher(dir);
    other.announce();
    const stack = await obtain({}, dir);
    expect(stack).toMatchObject({ mode: 'attached', endpoints: other.endpoints, running: { pid: other.pid } });
    await stack.stop();
  });

  test('is awaited while it starts', async () => {
    const dir = tempDir();
    const other = await launcher(dir);
    const obtaining = obtain({}, dir);
    other.announce();
    expect((await obtaining).mode).toBe('attached');
  });

  test('is replaced when it dies while it starts', async () => {
    const dir = tempDir();
    const other = await launcher(dir);
    const obtaining = obtain({ STACK: 'podman' }, dir);
    other.child.kill('SIGKILL');
    // It now starts a stack itself, and fails on the setting that is wrong on purpose.
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
