import { parseArgs } from 'node:util';
import { logToStderr, stopOnSignal } from '../dev/local-stack/process/foreground.js';
import { soakArchive } from './archive/soak-archive.js';
import { soakBalancers } from './balancers/soak-balancers.js';
import { soakIngress } from './ingress/soak-ingress.js';
import { soakJoin } from './join/soak-join.js';
import { soakRescue } from './rescue/soak-rescue.js';
import { soakSimulation } from './simulation/soak-simulation.js';

// `npm run soak -- [ingress] [join] [archive] [rescue] [simulation] [balancers] [--seed N] [--quick] [--schedules K] [--mutations]`: injects faults under load
// for minutes. Exits non-zero if any guarantee was broken.
const SOAKS = {
  ingress: soakIngress,
  join: soakJoin,
  archive: soakArchive,
  rescue: soakRescue,
  simulation: soakSimulation,
  balancers: soakBalancers,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string' },
    schedules: { type: 'string' },
    mutations: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(SOAKS, name));
if (unknown.length > 0) {
  logToStderr(`error: unknown soak ${unknown.join(', ')}; choose from: ${Object.keys(SOAKS).join(', ')}`);
  process.exit(1);
}
const wholeNumber = (name: 'seed' | 'schedules'): number | undefined => {
  const value = values[name] === undefined ? undefined : Number(values[name]);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  logToStderr(`error: --${name} must be a whole number`);
  process.exit(1);
};
const seed = wholeNumber('seed') ?? Date.now() % 1_000_000;
const schedules = wholeNumber('schedules');
// Child processes end with this one in any case. Every wait below listens to this signal, so that they end in order.
const signal = stopOnSignal();
let passed = true;
try {
  for (const [name, soak] of Object.entries(SOAKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const options = { seed, quick: values.quick, log: logToStderr, signal };
    const simulation = { mutations: values.mutations, ...(schedules !== undefined && { schedules }) };
    passed = (await soak({ ...options, ...simulation })) && passed;
  }
} catch (error) {
  logToStderr(signal.aborted ? 'stopped' : `error: ${String((error as Error).stack ?? error)}`);
  passed = false;
}
process.exit(passed ? 0 : 1);
