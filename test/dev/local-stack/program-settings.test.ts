import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { programSettings } from '../../../dev/local-stack/program-settings.js';
import { tempDir } from '../../support/temp-dir.js';
import { exampleCommand, welcome } from '../../../dev/local-stack/welcome.js';

const ports = portPlan({}, 21000);
const endpoints = localEndpoints(ports, {});
const settings = (env: Record<string, string>) => programSettings(endpoints, ports, '/stack', env);

test('unset settings have local defaults', () => {
  const { env, ingressUrl, processorUrl, auth } = settings({ INGRESS_TOKENS: '' });
  expect(env).toMatchObject({
    INGRESS_TOKENS: 'local-dev-token',
    INGRESS_HOST: '127.0.0.1',
    INGRESS_PORT: '21010',
    INGRESS_SPOOL_DIR: '/stack/spool',
    PROCESSOR_HOST: '127.0.0.1',
    PROCESSOR_PORT: '21011',
    ARCHIVE_SPILL_DIR: '/stack/spill',
    KAFKA_BROKERS: '127.0.0.1:21000',
    TOPIC_REPLICATION_FACTOR: '1',
  });
  expect([ingressUrl, processorUrl]).toEqual(['http://127.0.0.1:21010', 'http://127.0.0.1:21011']);
  expect(auth).toEqual({ header: 'authorization', token: 'local-dev-token' });
});

test("the user's settings override the defaults, and the stack's endpoints override both", () => {
  const { env, auth, ingressUrl } = settings({
    INGRESS_TOKENS: ' one , two',
    INGRESS_AUTH_HEADER: 'x-token',
    INGRESS_HOST: '0.0.0.0',
    LOG_LEVEL: 'debug',
    KAFKA_BROKERS: 'elsewhere:9092',
  });
  expect(env).toMatchObject({ LOG_LEVEL: 'debug', INGRESS_HOST: '0.0.0.0', KAFKA_BROKERS: '127.0.0.1:21000' });
  expect(auth).toEqual({ header: 'x-token', token: 'one' });
  expect(ingressUrl).toBe('http://127.0.0.1:21010');
});

test('an ingress with TLS has an https address', () => {
  const files = { INGRESS_TLS_CERT_FILE: 'cert.pem', INGRESS_TLS_KEY_FILE: 'key.pem' };
  expect(settings(files).ingressUrl).toBe('https://127.0.0.1:21010');
});

test('a file of tokens replaces the local token', () => {
  const file = join(tempDir(), 'tokens');
  writeFileSync(file, '\none\ntwo\n');
  const { env, auth } = settings({ INGRESS_TOKENS_FILE: file });
  expect(env).not.toHaveProperty('INGRESS_TOKENS');
  expect(auth?.token).toBe('one');
});

test('an ingress that accepts anyone has no token', () => {
  const anyone = settings({ INGRESS_ALLOW_ANONYMOUS: 'true' });
  expect(anyone.env).not.toHaveProperty('INGRESS_TOKENS');
  expect(anyone).not.toHaveProperty('auth');
  expect(exampleCommand(anyone)).not.toContain('Bearer');
});

test('the welcome text contains the local token, but never a token of the user', () => {
  expect(welcome(settings({}), endpoints, '/logs')).toContain("-H 'authorization: Bearer local-dev-token'");
  expect(welcome(settings({ INGRESS_TOKENS: 's3cret' }), endpoints, '/logs')).not.toContain('s3cret');
});
