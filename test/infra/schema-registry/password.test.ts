import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { SchemaRegistryClient } from '../../../infra/schema-registry/client.js';
import { commonFaults, commonSpecs } from '../../../infra/settings/common.js';
import { readSettings } from '../../../infra/settings/read-settings.js';
import { subjects, topicNames } from '../../../schemas/topics.js';

it('each request to the registry uses the password that the settings have then', async () => {
  const sent: string[] = [];
  const server = createServer((request, response) => {
    const [, encoded = ''] = (request.headers.authorization ?? '').split(' ');
    sent.push(Buffer.from(encoded, 'base64').toString());
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error_code":40403,"message":"not found"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const env = {
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    SCHEMA_REGISTRY_USERNAME: 'ingress',
    SCHEMA_REGISTRY_PASSWORD: 'old',
    SCHEMA_REGISTER: 'false',
  };
  const settings = { ...readSettings(env, commonSpecs, commonFaults) };
  const registry = new SchemaRegistryClient(settings);
  const ask = () => registry.ensureSubject(subjects(topicNames('')).events).catch(() => undefined);
  await ask();
  settings.SCHEMA_REGISTRY_PASSWORD = 'new';
  await ask();
  expect([...new Set(sent)]).toEqual(['ingress:old', 'ingress:new']);
});
