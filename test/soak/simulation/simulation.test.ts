import { expect, it } from 'vitest';
import { simulate } from '../../../soak/simulation/simulate.js';

/** Number of schedules in a test run; `npm run soak -- simulation` plays 100,000. They bound the test, not the time they take. */
const SCHEDULES = 3_000;

it(
  'crashes, zombies, lost answers, rebalances and clock jumps at any await do not change the output',
  { timeout: 0 },
  async () => {
    const { broken } = await simulate(1, SCHEDULES);
    const story = broken && [...broken.violations, `seed ${broken.seed}`, ...broken.trace.slice(-60)].join('\n');
    expect(broken, story).toBeUndefined();
  },
);
