import { describe, expect, it } from 'vitest';
import { hunt } from '../../../soak/mutations/hunt.js';
import { MUTATIONS } from '../../../soak/mutations/mutations.js';

const SEED = 1;
const SCHEDULES = 3_000;

// The number of schedules bounds each run. A time limit would only measure the load of the machine.
describe('the simulation finds', { timeout: 0 }, () => {
  it.each(MUTATIONS)('$name', async (mutation) => {
    const { broken } = await hunt(mutation, SEED, SCHEDULES);
    expect(broken?.violations).not.toHaveLength(0);
  });

  it('nothing in the source as it is', async () => {
    expect(await hunt(undefined, SEED, SCHEDULES)).toMatchObject({ schedules: SCHEDULES });
  });
});
