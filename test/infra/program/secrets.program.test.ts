import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startProgram } from '../../../dev/local-stack/process/program.js';
import { freePort } from '../../ingress/ingress-program.js';
import { SESSION_ENDED } from '../../ingress/webhook/sample-events.js';
import { suiteEnv } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';
import { startFakeBroker } from '../kafka/connection/fake-broker.js';

/** A busy machine takes long; the tests end as soon as the condition holds. */
const PATIENCE = { timeout: 90_000, interval: 200 };

/** A secret in a file. Returns the setting, and what replaces the content. */
function secretFile(name: string, content: string) {
  const path = join(tempDir(), name);
  const write = (next: string) => writeFileSync(path, `${next}\n`);
  write(content);
  return { env: { [`${name}_FILE`]: path }, write };
}

/** A built program with these settings, and its whole log. */
async function start(name: 'ingress' | 'processor', env: Readonly<Record<string, string>>) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const upper = name.toUpperCase();
  const logFile = join(tempDir(), `${name}.log`);
  const program = startProgram({
    name,
    script: resolve(`dist/${name}/main.js`),
    env: { PATH: process.env['PATH'], [`${upper}_HOST`]: '127.0.0.1', [`${upper}_PORT`]: String(port), ...env },
    logFile,
    readyUrl: `${url}/healthz`,
  });
  onTestFinished(() => void program.kill());
  await program.waitReady();
  return { url, log: () => readFileSync(logFile, 'utf8'), pid: await program.pid };
}

const count = (text: string, part: string) => text.split(part).length - 1;

it('an ingress of two workers follows its secrets on SIGHUP, and shows none of them', async () => {
  const secrets = [
    'old-token-a1',
    'new-token-b2',
    'old-password-c3',
    'new-password-d4',
    'registry-password-e5',
  ] as const;
  const [oldToken, newToken, oldPassword, newPassword, registryPassword] = secrets;
  const broker = await startFakeBroker({ accepts: (sent) => sent.endsWith(newPassword) });
  const tokens = secretFile('INGRESS_TOKENS', oldToken);
  const password = secretFile('KAFKA_SASL_PASSWORD', oldPassword);
  const registry = secretFile('SCHEMA_REGISTRY_PASSWORD', registryPassword);
  const ingress = await start('ingress', {
    ...tokens.env,
    ...password.env,
    ...registry.env,
    INGRESS_SPOOL_DIR: tempDir(),
    INGRESS_WORKERS: '2',
    KAFKA_BROKERS: `127.0.0.1:${broker.port}`,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'ingress',
    SCHEMA_REGISTRY_USERNAME: 'ingress',
    LOG_LEVEL: 'trace',
  });
  const post = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    const body = JSON.stringify(SESSION_ENDED);
    return (await fetch(`${ingress.url}/v1/webhooks/pathors`, { method: 'POST', headers, body })).status;
  };
  /** Enough that the kernel gives some to each worker. */
  const statuses = async (token: string) => new Set(await Promise.all(Array.from({ length: 16 }, () => post(token))));
  expect(await statuses(oldToken)).toEqual(new Set([202]));
  expect(await statuses(newToken)).toEqual(new Set([401]));
  await vi.waitFor(
    () => expect(ingress.log()).toContain('check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD'),
    PATIENCE,
  );

  const isInUse = 'INGRESS_TOKENS_FILE: new content is in use';
  tokens.write(`${oldToken}\n${newToken}`);
  password.write(newPassword);
  process.kill(ingress.pid, 'SIGHUP');
  await vi.waitFor(() => expect(count(ingress.log(), isInUse)).toBe(2), PATIENCE);
  expect(await statuses(oldToken)).toEqual(new Set([202]));
  expect(await statuses(newToken)).toEqual(new Set([202]));
  await vi.waitFor(() => expect(broker.credentials).toContain(`\0ingress\0${newPassword}`), PATIENCE);

  tokens.write(newToken);
  process.kill(ingress.pid, 'SIGHUP');
  await vi.waitFor(() => expect(count(ingress.log(), isInUse)).toBe(4), PATIENCE);
  expect(await statuses(oldToken)).toEqual(new Set([401]));
  expect(await statuses(newToken)).toEqual(new Set([202]));

  const metrics = await (await fetch(`${ingress.url}/metrics`)).text();
  const openApi = await (await fetch(`${ingress.url}/openapi.json`)).text();
  expect(metrics).toContain('ingress_events_total');
  for (const secret of secrets) expect(ingress.log() + metrics + openApi).not.toContain(secret);
});

it('a processor follows the keys of its object store without a signal, and shows no secret', async () => {
  const { S3_ACCESS_KEY: accessKey = '', S3_SECRET_KEY: secretKey = '', ...env } = suiteEnv('secrets');
  const secrets = ['wrong-secret-key-f6', 'registry-password-g7'] as const;
  const access = secretFile('S3_ACCESS_KEY', accessKey);
  const secret = secretFile('S3_SECRET_KEY', secrets[0]);
  const registry = secretFile('SCHEMA_REGISTRY_PASSWORD', secrets[1]);
  const { url, log } = await start('processor', {
    ...env,
    ...access.env,
    ...secret.env,
    ...registry.env,
    SCHEMA_REGISTRY_USERNAME: 'processor',
    PROCESSOR_ROLES: 'archive',
    S3_BUCKET: `secrets-${randomBytes(4).toString('hex')}`,
    ARCHIVE_SPILL_DIR: tempDir(),
    LOG_LEVEL: 'debug',
  });
  await vi.waitFor(() => expect(log()).toContain('SignatureDoesNotMatch'), PATIENCE);
  secret.write(secretKey);
  await vi.waitFor(async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  }, PATIENCE);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const value of secrets) expect(log() + metrics).not.toContain(value);
});
