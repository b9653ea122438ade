import { expect, test, vi } from 'vitest';
import { findFreeBase, portPlan, requireFree, STACK_PORTS } from '../../../dev/local-stack/tcp-ports.js';
import { httpProbe } from '../../../dev/local-stack/services/readiness.js';
import { requireTools } from '../../../dev/local-stack/services/toolchain.js';
import { launch, startedProcesses } from './launched.js';
import { tempDir } from '../../support/temp-dir.js';

const native = await requireTools(['java', 'mvn', 'go'], process.env).then(
  () => true,
  () => false,
);

/** `npm run stack` from outside, with real services, next to the stack that the other tests share. */
test.skipIf(!native)(
  'a stack is shared with other launchers, ends when its launcher is killed, and keeps its data',
  async () => {
    const dir = tempDir();
    const base = await findFreeBase();
    const env = { STACK: 'native', STACK_DIR: dir, STACK_PORT_BASE: String(base) };
    const subjects = `http://127.0.0.1:${base + 2}/apis/ccompat/v7/subjects`;

    const first = launch('stack.js', env);
    await first.printed('ready (native)');
    // stdout contains only endpoints, so that a shell can read it.
    expect(first.stdout().trim().split('\n')).toEqual([
      `KAFKA_BROKERS=127.0.0.1:${base}`,
      `SCHEMA_REGISTRY_URL=http://127.0.0.1:${base + 2}/apis/ccompat/v7`,
      `S3_ENDPOINT=http://127.0.0.1:${base + 3}`,
      'S3_REGION=us-east-1',
      'S3_ACCESS_KEY=minioadmin',
      'S3_SECRET_KEY=minioadmin',
      'S3_BUCKET=recordings',
      'TOPIC_REPLICATION_FACTOR=1',
    ]);
    // Two stacks side by side: the shared one still works.
    expect(process.env.SCHEMA_REGISTRY_URL).not.toContain(`:${base + 2}/`);
    expect(await httpProbe(`${process.env.SCHEMA_REGISTRY_URL ?? ''}/subjects`)()).toBe(true);
    expect(await httpProbe(subjects)()).toBe(true);

    const schema = JSON.stringify({
      schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}',
      schemaType: 'JSON',
    });
    const registered = await fetch(`${subjects}/kept-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: schema,
    });
    expect(registered.status).toBe(200);

    const guest = launch('stack.js', { STACK_DIR: dir });
    await guest.printed(`ready (run by process ${first.process.pid ?? '?'})`);
    expect(guest.stdout()).toBe(first.stdout());
    expect(await guest.end('SIGTERM')).toBe(0);
    expect(await httpProbe(subjects)()).toBe(true);

    expect(startedProcesses(dir)).toHaveLength(3);
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    await vi.waitUntil(() => startedProcesses(dir).length === 0, { timeout: 30_000 });
    await requireFree(portPlan({}, base), STACK_PORTS);

    const second = launch('stack.js', env);
    await second.printed('ready (native)');
    expect(await (await fetch(subjects)).json()).toEqual(['kept-value']);
    expect(await second.end('SIGINT')).toBe(0);
    expect(startedProcesses(dir)).toEqual([]);
    await requireFree(portPlan({}, base), STACK_PORTS);
  },
);
