import { expect, it } from 'vitest';
import { simulate } from '../../../soak/simulation/simulate.js';

/** As many as fit into a test run; `npm run soak -- simulation` plays 100,000. */
const SCHEDULES = 3_000;

it('crashes, zombies, lost answers, rebalances and jumps of the clock, at any await, change nothing of what is written', async () => {
  const { broken } = await simulate(1, SCHEDULES);
  const story = broken && [...broken.violations, `seed ${broken.seed}`, ...broken.trace.slice(-60)].join('\n');
  expect(broken, story).toBeUndefined();
});
