import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kafkaCoordinatorProbe, kafkaProbe, tcpProbe } from '../../../../dev/local-stack/services/kafka-probe.js';
import { httpProbe, untilReady, withReadiness } from '../../../../dev/local-stack/services/readiness.js';
import { supervise } from '../../../../dev/local-stack/process/supervised-process.js';
import { findFreeBase } from '../../../../dev/local-stack/tcp-ports.js';
import { fakeBroker, fakeHttp, takenPort } from '../fake-services.js';
import { tempDir } from '../../../support/temp-dir.js';

test('a broker is ready once it lists a live broker, not when its port is open', async () => {
  let brokers = 0;
  const probe = kafkaProbe('127.0.0.1', await fakeBroker(() => brokers));
  expect(await probe()).toBe(false);
  brokers = 1;
  expect(await probe()).toBe(true);
});

test('a broker without coordinators is live, but not ready for groups and transactions', async () => {
  let fault = 15;
  const port = await fakeBroker(
    () => 1,
    () => fault,
  );
  expect(await kafkaProbe('127.0.0.1', port)()).toBe(true);
  expect(await kafkaCoordinatorProbe('127.0.0.1', port)()).toBe(false);
  fault = 0;
  expect(await kafkaCoordinatorProbe('127.0.0.1', port)()).toBe(true);
});

test('probes of HTTP and TCP', async () => {
  const [ok, unavailable, silent] = [await fakeHttp(200), await fakeHttp(503), await findFreeBase()];
  expect(await httpProbe(`http://127.0.0.1:${ok}/`)()).toBe(true);
  expect(await httpProbe(`http://127.0.0.1:${unavailable}/`)()).toBe(false);
  expect(await httpProbe(`http://127.0.0.1:${unavailable}/`, { statuses: [503] })()).toBe(true);
  expect(await tcpProbe('127.0.0.1', await takenPort())()).toBe(true);
  await expect(tcpProbe('127.0.0.1', silent)()).rejects.toThrow('ECONNREFUSED');
});

test('polling ends at the deadline', async () => {
  await expect(untilReady('Kafka', () => Promise.resolve(false), 250)).rejects.toThrow(
    'Kafka was not ready within 0 s',
  );
});

test('a process that ends while it starts is an immediate error with the end of its log', async () => {
  const dying = supervise({
    name: 'Kafka',
    command: ['sh', '-c', 'echo "no space left"; exit 3'],
    env: { PATH: process.env.PATH },
    logFile: join(tempDir(), 'kafka.log'),
    graceMs: 1_000,
  });
  const { waitReady } = withReadiness(dying, () => Promise.resolve(false), 600_000);
  await expect(waitReady()).rejects.toThrow(
    /^Kafka ended while it was starting \(exit code 3\); its log: .*kafka\.log\n {2}\| no space left$/,
  );
});
