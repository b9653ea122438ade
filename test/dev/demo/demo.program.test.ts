import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type OwnSystem } from '../../../dev/local-stack/system.js';
import { suiteEnv } from '../../support/stack-settings.js';
import { DemoRun } from './demo-run.js';
import { readKeysWithJava } from './java-consumer.js';

const dir = mkdtempSync(join(tmpdir(), 'demo-test-'));
const suite = suiteEnv('demo');
const topicPrefix = suite['TOPIC_PREFIX'] ?? '';
const env = {
  ...process.env,
  ...suite,
  S3_BUCKET: 'demo-test',
  INGRESS_PORT: undefined,
  PROCESSOR_PORT: undefined,
};
const demos: DemoRun[] = [];
let system: OwnSystem;

beforeAll(async () => {
  system = await startSystem({ dir, portBase: 'free', env, log: () => undefined });
});

afterAll(async () => {
  for (const demo of demos) demo.kill();
  // Unset when the start failed, whose error should be reported.
  await (system as OwnSystem | undefined)?.stop();
  rmSync(dir, { recursive: true, force: true });
});

function runDemo(): DemoRun {
  const demo = new DemoRun(system, env);
  demos.push(demo);
  return demo;
}

it('joins every session and archives every recording', async () => {
  const demo = runDemo();
  expect(await demo.exitCode(), demo.output).toBe(0);
  expect(demo.output).toMatch(/(\d+) of \1 sessions joined exactly once/);
});

it('does so even when the processor is killed during the demo', async () => {
  const demo = runDemo();
  await demo.until(/joined [1-9]/);
  const first = await system.pids.processor();
  process.kill(first, 'SIGKILL');
  expect(await demo.exitCode(), demo.output).toBe(0);
  expect(await system.pids.processor()).not.toBe(first);
});

it("shows Apache Kafka's own consumer exactly one record per session", async () => {
  const keys = await readKeysWithJava(system.endpoints.KAFKA_BROKERS, `${topicPrefix}session.complete`);
  expect(keys).toHaveLength(48);
  expect(new Set(keys).size).toBe(48);
});
