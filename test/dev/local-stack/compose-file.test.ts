import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { composeVariables, STACK_SERVICES } from '../../../dev/local-stack/docker-stack.js';
import { localEndpoints } from '../../../dev/local-stack/endpoints.js';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { kafkaService } from '../../../dev/local-stack/services/kafka-service.js';
import { minioService } from '../../../dev/local-stack/services/minio-service.js';
import { portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { readIngressSettings } from '../../../ingress/settings.js';
import { registryService } from '../../../dev/local-stack/services/registry-service.js';

type Service = {
  image?: string;
  build?: { dockerfile?: string };
  healthcheck?: unknown;
  container_name?: string;
  ports: string[];
  environment?: Record<string, string>;
  stop_grace_period?: string;
};

const read = (...path: string[]) => readFileSync(join(projectRoot, ...path), 'utf8');
const text = read('docker-compose.yml');
const file = parse(text, { merge: true }) as { services: Record<string, Service> };

// The schema comes from github.com/compose-spec/compose-go v2.16.2 (schema/compose-spec.json), copyright 2020 The Compose
// Specification Authors, Apache-2.0: see compose-spec.LICENSE.
test('conforms to the schema of the Compose Specification', () => {
  const schema = JSON.parse(read('test', 'dev', 'local-stack', 'compose-spec.schema.json')) as object;
  const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  validate(file);
  expect(validate.errors).toBeNull();
});

const client = spawnSync('docker', ['compose', 'version']).status === 0;
test.skipIf(!client)('is accepted by the compose client of this machine', () => {
  const config = spawnSync('docker', ['compose', '-f', join(projectRoot, 'docker-compose.yml'), 'config', '-q']);
  expect(config.stderr.toString()).toBe('');
  expect(config.status).toBe(0);
});

describe.each(Object.entries(file.services))('%s', (name, service) => {
  test('publishes its ports to this machine only', () => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{\w+:-[\d-]+\}:\d+$/);
  });

  test('has a health check of its own or from its image', () => {
    if (service.healthcheck === undefined) expect(read('Dockerfile')).toMatch(/^HEALTHCHECK /m);
    expect(name in file.services).toBe(true);
  });

  test('uses a pinned image, or a Dockerfile of this project that does not run as root', () => {
    if (service.build === undefined) expect(service.image).toMatch(/:\d+\.\d+\.\d+$/);
    else expect(dockerfileOf(service)).toMatch(/^USER (?!root)\w+$/m);
  });
});

test('gives the ingress more time to stop than its shutdown delay and its drain take', () => {
  const delayMs = Number(/INGRESS_SHUTDOWN_DELAY_MS=(\d+)/.exec(read('Dockerfile'))?.[1]);
  const { INGRESS_DRAIN_MS: drainMs } = readIngressSettings({ INGRESS_TOKENS: 't' });
  expect(delayMs).toBeGreaterThan(0);
  expect(parseInt(file.services['ingress']?.stop_grace_period ?? '') * 1_000).toBeGreaterThan(delayMs + drainMs);
});

test('allows `--scale ingress=3`', () => {
  const ingress = file.services.ingress;
  expect(ingress).not.toHaveProperty('container_name');
  // Each container uses a free port of this range, so it must contain no port of another service.
  const [, first = '', last = ''] = /:-(\d+)-(\d+)\}/.exec(ingress?.ports[0] ?? '') ?? [];
  const usual = Object.values(portPlan({}));
  expect(Number(last) - Number(first)).toBeGreaterThanOrEqual(2);
  expect(usual.filter((port) => port >= Number(first) && port <= Number(last))).toEqual([]);
});

test('has the same services and versions as the native stack, on configurable ports', () => {
  expect(file.services.kafka?.image).toBe(
    `apache/${/^kafka-[\d.]+\d/.exec(kafkaService.part.folder)?.[0].replace('-', ':')}`,
  );
  const version = (dockerfile: string) => /^ARG \w+_VERSION=(.+)$/m.exec(dockerfile)?.[1] ?? 'no version';
  const { registry, minio } = file.services;
  expect(registryService.part.folder).toContain(version(dockerfileOf(registry)));
  expect(minioService.part.folder).toContain(version(dockerfileOf(minio)));
  for (const name of STACK_SERVICES) expect(file.services).toHaveProperty(name);
  const ports = portPlan({});
  for (const variable of Object.keys(composeVariables(ports, localEndpoints(ports, {})))) {
    expect(text).toContain(`\${${variable}:-`);
  }
});

function dockerfileOf(service: Service | undefined): string {
  const dockerfile = service?.build?.dockerfile;
  return dockerfile === undefined ? read('Dockerfile') : read('dev', 'docker', dockerfile);
}
