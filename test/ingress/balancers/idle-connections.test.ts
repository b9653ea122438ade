import { describe, expect, it } from 'vitest';
import { balancerProgram, BALANCERS } from '../../../lab/balancers/documented-config.js';
import { TOKEN as LAB_TOKEN } from '../../../lab/balancers/event-sender.js';
import { runIdleLanes } from '../../../lab/balancers/idle-lanes.js';
import { tempDir } from '../../support/temp-dir.js';
import { metric, startIngressOnMemory } from '../ingress-on-memory.js';

const SEED = 16;
const missing = BALANCERS.filter((name) => balancerProgram(name) === undefined);
const unless = missing.length === 0 ? '' : ` (not run: ${missing.join(' and ')} not installed)`;

describe.skipIf(missing.length > 0)(`connections of nginx and HAProxy that were idle for 7 to 13 s${unless}`, () => {
  // It takes half a minute, because the time after which uWebSockets.js closes a connection is real and cannot be set.
  it('lose no request', { timeout: 300_000 }, async () => {
    const ingress = await startIngressOnMemory({ keepAlive: 'auto', token: LAB_TOKEN });
    try {
      const options = { dir: tempDir(), port: ingress.port, seed: SEED, lanes: 40, requests: 3 };
      expect(await runIdleLanes(options)).toEqual({ sent: 240, accepted: 240, lost: [] });
      expect(ingress.sink.records).toHaveLength(240);
      // No connection was left for the server to close, and the balancers speak HTTP/1.1.
      expect(ingress.server.openConnections).toBe(0);
      expect(await metric(ingress.metrics, 'ingress_connections_without_request_total')).toBe(0);
    } finally {
      ingress.close();
    }
  });
});
