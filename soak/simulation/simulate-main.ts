import { simulate } from './simulate.js';

// A simulation as a process of its own: `node simulate-main.js SEED SCHEDULES` prints its result as JSON. Each build with a planted bug is one.
const [seed, schedules] = process.argv.slice(2).map(Number);
const { broken, ...counts } = await simulate(seed ?? 1, schedules ?? 1);
process.stdout.write(
  JSON.stringify({ ...counts, ...(broken && { broken: { seed: broken.seed, violations: broken.violations } }) }),
);
