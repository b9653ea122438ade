import { describe, expect, test } from 'vitest';
import { BLOCK_SIZE, findFreeBase, portPlan, requireFree, STACK_PORTS } from '../../../dev/local-stack/tcp-ports.js';
import { takenPort } from './fake-services.js';

describe('port plan', () => {
  test('contains the conventional ports without settings', () => {
    expect(portPlan({})).toEqual({
      kafka: 9092,
      kafkaController: 9093,
      registry: 8081,
      minio: 9000,
      ingress: 8080,
      processor: 9090,
    });
  });

  test('is moved as a whole by STACK_PORT_BASE', () => {
    const plan = portPlan({ STACK_PORT_BASE: '21000' });
    expect(plan).toEqual({
      kafka: 21000,
      kafkaController: 21001,
      registry: 21002,
      minio: 21003,
      ingress: 21010,
      processor: 21011,
    });
    expect(Math.max(...Object.values(plan))).toBeLessThan(21000 + BLOCK_SIZE);
  });

  test('a base argument replaces the setting, and INGRESS_PORT and PROCESSOR_PORT override both', () => {
    const plan = portPlan({ STACK_PORT_BASE: '21000', INGRESS_PORT: '18080', PROCESSOR_PORT: '' }, 23000);
    expect(plan).toMatchObject({ kafka: 23000, ingress: 18080, processor: 23011 });
  });

  test.each(['0', '65530', '9e3', '-1', 'x'])('rejects STACK_PORT_BASE=%s', (base) => {
    expect(() => portPlan({ STACK_PORT_BASE: base })).toThrow('STACK_PORT_BASE must be a whole number from 1 to 65524');
  });
});

describe('taken ports', () => {
  test('are named with their service and a remedy', async () => {
    const taken = await takenPort();
    const plan = { ...portPlan({}, await findFreeBase()), registry: taken };
    await expect(requireFree(plan, STACK_PORTS)).rejects.toThrow(
      `port ${taken} (the schema registry) is in use by another program: stop it, or set STACK_PORT_BASE`,
    );
    await expect(requireFree(plan, ['kafka', 'minio'])).resolves.toBeUndefined();
  });

  test('are all named', async () => {
    const plan = { ...portPlan({}, await findFreeBase()), kafka: await takenPort(), minio: await takenPort() };
    await expect(requireFree(plan, STACK_PORTS)).rejects.toThrow(
      `ports ${plan.kafka} (Kafka), ${plan.minio} (MinIO) are`,
    );
  });
});
