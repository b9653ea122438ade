import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { LOCAL_TOKEN } from '../../../dev/local-stack/program-settings.js';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { readRunning } from '../../../dev/local-stack/stack-state.js';
import { launch, startedProcesses } from './launched.js';
import { tempDir } from '../../support/temp-dir.js';

const EVENT = {
  event: 'session.ended',
  sessionId: '2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11',
  timestamp: '2026-05-03T08:42:11.512Z',
  currentNodeId: 'ask_intention',
  messagesCount: 8,
  extractedVariables: { name: 'Nancy' },
};

/** `npm start` from outside, with the endpoints of the shared stack, so that it starts only the programs. */
test('the programs run until Ctrl-C, and are restarted when they are killed', async () => {
  const dir = tempDir();
  const names = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'];
  const env = {
    ...Object.fromEntries(names.map((name) => [name, process.env[name] ?? ''])),
    STACK_DIR: dir,
    STACK_PORT_BASE: String(await findFreeBase()),
    TOPIC_PREFIX: `start-${randomBytes(4).toString('hex')}.`,
    TOPIC_PARTITIONS: '1',
  };
  const started = launch('start.js', env);
  await started.printed('ready in');

  const { programs } = readRunning(dir);
  expect(programs).toMatchObject({ pid: started.process.pid, auth: { header: 'authorization', token: LOCAL_TOKEN } });
  expect(started.stdout()).toContain(`curl -i ${programs?.ingressUrl ?? '?'}/v1/webhooks/pathors`);
  const answer = await fetch(`${programs?.ingressUrl ?? ''}/v1/webhooks/pathors`, {
    method: 'POST',
    headers: { authorization: `Bearer ${LOCAL_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(EVENT),
  });
  expect(answer.status).toBe(202);

  const second = launch('start.js', env);
  await second.printed(`already runs ingress and processor in ${dir}`);
  await vi.waitUntil(() => second.process.exitCode === 1);

  const before = startedProcesses(dir);
  expect(before).toHaveLength(2);
  // The processor was started second.
  process.kill(before[1] ?? 0, 'SIGKILL');
  await started.printed(
    `processor died (exit code 137), restarting it; its log: ${join(dir, 'logs', 'processor.log')}`,
  );
  await started.printed('processor is ready again');

  expect(await started.end('SIGINT')).toBe(0);
  expect(startedProcesses(dir)).toEqual([]);
  expect(readRunning(dir)).toEqual({});
});
