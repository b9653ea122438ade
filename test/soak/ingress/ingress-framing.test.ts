import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { startIngressOnMemory } from '../../ingress/ingress-on-memory.js';
import { runMutation, type Tally } from './framing-soak.js';
import { SEEDS } from './mutate-requests.js';
import { Random } from './random.js';
import { readStrictly } from './strict-http.js';

// Full run: SOAK_MUTATIONS=200000 npx vitest run --project unit test/soak
const MUTATIONS = Number(process.env['SOAK_MUTATIONS'] ?? 2_000);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 2 ** 31);
const RSS_GROWTH_BYTES = 64 * 1024 * 1024;

it(
  `${MUTATIONS} mutated requests (SOAK_SEED=${SEED}) smuggle no request and leak no memory`,
  async () => {
    const ingress = await startIngressOnMemory();
    const random = new Random(SEED);
    const tally: Tally = new Map();
    let warmRss = 0;
    try {
      for (let n = 0; n < MUTATIONS; n += 1) {
        if (n === Math.floor(MUTATIONS / 10)) warmRss = rssBytes();
        await runMutation(ingress, random, tally);
      }
      expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
      expect(ingress.budget.usedBytes).toBe(0);
      expect(ingress.server.requestsInFlight).toBe(0);
      const grownBytes = rssBytes() - warmRss;
      expect(grownBytes).toBeLessThan(RSS_GROWTH_BYTES);
      // The run proves something only if enough requests are accepted.
      expect(tally.get('stored well-framed bodies')).toBeGreaterThan(MUTATIONS / 10);
      if (process.env['SOAK_MUTATIONS'] !== undefined) console.info({ SEED, MUTATIONS, grownBytes, warmRss }, tally);
    } finally {
      ingress.close();
    }
  },
  60_000 + MUTATIONS * 10,
);

it('the strict parser accepts the requests before their mutation', () => {
  for (const seed of SEEDS) expect(readStrictly(seed).fault).toBeUndefined();
});

const gc = exposedGc();

function rssBytes(): number {
  gc();
  return process.memoryUsage.rss();
}

function exposedGc(): () => void {
  setFlagsFromString('--expose_gc');
  return runInNewContext('gc') as () => void;
}
