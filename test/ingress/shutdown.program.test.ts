import { afterAll, describe, expect, it } from 'vitest';
import { freePort, startIngressProgram, stopIngressPrograms } from './ingress-program.js';
import { postTo } from './post.js';
import { SESSION_ENDED } from './webhook/sample-events.js';

afterAll(stopIngressPrograms);

const EVENT = JSON.stringify(SESSION_ENDED);
/** Enough requests to reach each worker, whichever the kernel chooses. */
const MANY = 20;

/** Longer than the drain, so that a deadline without it would be noticed. */
const DELAY_MS = 12_000;

async function readiness(url: string): Promise<ReadonlySet<number>> {
  const statuses = await Promise.all(Array.from({ length: MANY }, async () => (await fetch(`${url}/readyz`)).status));
  return new Set(statuses);
}

describe.each(['1', '2'])('an ingress with %s worker(s)', (workers) => {
  it('serves during the shutdown delay, survives SIGHUP and a second SIGTERM, and exits with 0', async () => {
    const ingress = await startIngressProgram({
      INGRESS_WORKERS: workers,
      INGRESS_SHUTDOWN_DELAY_MS: String(DELAY_MS),
      INGRESS_DRAIN_MS: '5000',
      INGRESS_KEEP_ALIVE: 'always',
      INGRESS_READY_TIMEOUT_MS: '1',
      KAFKA_BROKERS: `127.0.0.1:${await freePort()}`,
    });
    await ingress.ready();
    await ingress.signal('SIGHUP');
    expect(await readiness(ingress.url)).toEqual(new Set([200]));
    expect((await postTo(ingress.url, EVENT)).headers.get('connection')).not.toBe('close');

    await ingress.signal('SIGTERM');
    await expect.poll(() => readiness(ingress.url), { timeout: DELAY_MS }).toEqual(new Set([503]));
    await ingress.signal('SIGTERM');
    await ingress.signal('SIGHUP');
    for (let request = 0; request < MANY; request += 1) {
      const response = await postTo(ingress.url, EVENT);
      expect([response.status, response.headers.get('connection')]).toEqual([202, 'close']);
    }
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
    expect(await ingress.exited).toEqual({ code: 0, signal: null });
    expect(ingress.log()).toContain('still serving until load balancers have noticed');
  });
});
