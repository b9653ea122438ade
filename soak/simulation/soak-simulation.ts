import { hunt } from '../mutations/hunt.js';
import { MUTATIONS, RARE_MUTATIONS } from '../mutations/mutations.js';
import type { SoakOptions } from '../soak-options.js';
import { simulate } from './simulate.js';

export type SimulationOptions = SoakOptions & {
  /** Default: 100,000. */
  readonly schedules?: number;
  /** Test builds with one planted bug each, instead of the processor itself. */
  readonly mutations: boolean;
};

const FULL_SCHEDULES = 100_000;
const QUICK_SCHEDULES = 5_000;
const SCHEDULES_PER_MUTATION = 20_000;
const TRACE_LINES = 80;

/**
 * `npm run soak -- simulation [--seed N] [--schedules K]`: runs the join on simulated Kafka, with faults at every await.
 * Resolves to whether every rule held. `--seed N --schedules 1` replays a schedule that broke one.
 */
export async function soakSimulation(options: SimulationOptions): Promise<boolean> {
  const { seed, quick, log, signal, schedules = quick ? QUICK_SCHEDULES : FULL_SCHEDULES } = options;
  if (options.mutations) return huntAll(seed, options.schedules ?? SCHEDULES_PER_MUTATION, signal);
  log(`seed ${seed}, ${schedules.toLocaleString('en')} schedules`);
  const start = performance.now();
  const { steps, broken, ...played } = await simulate(seed, schedules, {
    signal,
    onProgress: (count) => {
      if (count % 10_000 === 0) log(`${count.toLocaleString('en')} schedules`);
    },
  });
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(
    `${played.schedules.toLocaleString('en')} schedules, ${steps.toLocaleString('en')} steps, ` +
      `${broken === undefined ? 0 : 1} broken, ${Math.round(seconds)} s\n`,
  );
  if (broken === undefined) return true;
  for (const line of broken.trace.slice(-TRACE_LINES)) process.stdout.write(`${line}\n`);
  for (const violation of broken.violations) process.stdout.write(`VIOLATION ${violation}\n`);
  process.stdout.write(`replay: npm run soak -- simulation --seed ${broken.seed} --schedules 1\n`);
  return false;
}

/** Prints a line for each planted bug. Resolves to whether all were found, and none in the source without them. */
async function huntAll(seed: number, schedules: number, signal: AbortSignal): Promise<boolean> {
  let found = 0;
  let maxPlayed = 0;
  const mutations = [...MUTATIONS, ...RARE_MUTATIONS];
  for (const mutation of mutations) {
    signal.throwIfAborted();
    const { broken, schedules: played } = await hunt(mutation, seed, schedules);
    if (broken !== undefined) found += 1;
    maxPlayed = Math.max(maxPlayed, played);
    const verdict = broken === undefined ? 'NOT FOUND' : (broken.violations[0] ?? '').slice(0, 90);
    process.stdout.write(`${mutation.name.padEnd(48)} ${played.toLocaleString('en').padStart(7)}  ${verdict}\n`);
  }
  const { broken } = await hunt(undefined, seed, maxPlayed);
  process.stdout.write(`${'without any of them'.padEnd(48)} ${maxPlayed.toLocaleString('en').padStart(7)}  `);
  process.stdout.write(`${broken?.violations[0] ?? 'nothing found, as expected'}\n`);
  process.stdout.write(`${found} of ${mutations.length} planted bugs found\n`);
  return found === mutations.length && broken === undefined;
}
