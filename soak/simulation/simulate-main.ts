import { simulate } from './simulate.js';

// `node simulate-main.js SEED SCHEDULES` runs a simulation and prints its result as JSON. Each build with a planted bug runs as such a process.
const [seed, schedules] = process.argv.slice(2).map(Number);
const { broken, ...counts } = await simulate(seed ?? 1, schedules ?? 1);
process.stdout.write(
  JSON.stringify({ ...counts, ...(broken && { broken: { seed: broken.seed, violations: broken.violations } }) }),
);
