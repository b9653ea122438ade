import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildMutated } from './mutated-build.js';
import type { Mutation } from './mutation.js';

/** Result of a simulation of one build: the number of schedules played, and the one that broke a rule, if any. */
export type Hunt = {
  readonly schedules: number;
  readonly broken?: { readonly seed: number; readonly violations: readonly string[] };
};

const ENTRY = 'soak/simulation/simulate-main.ts';

/** Plays schedules on a build of the processor, with or without a planted bug, until one breaks a rule. */
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
