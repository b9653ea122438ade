import { expect, onTestFinished, test } from 'vitest';
import { dockerAnswers } from '../../../dev/local-stack/docker-stack.js';
import { kafkaCoordinatorProbe } from '../../../dev/local-stack/services/kafka-probe.js';
import { httpProbe } from '../../../dev/local-stack/services/readiness.js';
import { startComposeStack } from './compose-environment.js';

const docker = await dockerAnswers(process.env);

// The first run fetches images and builds MinIO.
test.skipIf(!docker)(
  'the stack of docker-compose.yml becomes healthy on the given ports',
  { timeout: 900_000 },
  async () => {
    const { endpoints, stop } = await startComposeStack();
    onTestFinished(stop, 120_000);
    expect(await kafkaCoordinatorProbe('127.0.0.1', Number(endpoints.KAFKA_BROKERS.split(':')[1]))()).toBe(true);
    expect(await httpProbe(`${endpoints.SCHEMA_REGISTRY_URL}/subjects`)()).toBe(true);
    expect(await httpProbe(`${endpoints.S3_ENDPOINT}/minio/health/ready`)()).toBe(true);
  },
);
