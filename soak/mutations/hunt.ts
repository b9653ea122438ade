import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildMutated } from './mutated-build.js';
import type { Mutation } from './mutations.js';

/** What the simulation says of a build: after how many schedules it broke a rule, and which; or that it broke none. */
export type Hunt = {
  readonly schedules: number;
  readonly broken?: { readonly seed: number; readonly violations: readonly string[] };
};

const ENTRY = 'soak/simulation/simulate-main.ts';

/** Plays schedules on the processor with a bug planted, or without one, until a rule is broken. */
export async function hunt(mutation: Mutation | undefined, seed: number, schedules: number): Promise<Hunt> {
  const dir = mkdtempSync(join(tmpdir(), 'mutation-'));
  try {
    const main = buildMutated(ENTRY, join(dir, 'build'), mutation);
    const { stdout } = await promisify(execFile)(process.execPath, [main, String(seed), String(schedules)]);
    return JSON.parse(stdout) as Hunt;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
