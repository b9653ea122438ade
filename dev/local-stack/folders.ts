import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../../infra/settings/read-settings.js';

/** The clone's top folder: the same whether this file runs compiled from `dist/` or as its source. */
export const projectRoot = findProjectRoot(dirname(fileURLToPath(import.meta.url)));

/** A file that lies beside this module's source: what `tsc` does not copy to `dist/`. */
export function sourceFile(name: string): string {
  return join(projectRoot, 'dev', 'local-stack', name);
}

/** Where the stack keeps its data, logs and state: `STACK_DIR`, else `.stack` in the clone. */
export function stackDir(env: Env): string {
  return resolve(projectRoot, env.STACK_DIR || '.stack');
}

/** Where what was downloaded or built is kept for all clones of this user: `STACK_CACHE_DIR`, else below `~/.cache`. */
export function cacheDir(env: Env): string {
  return resolve(
    env.STACK_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pathors-session-stream'),
  );
}

function findProjectRoot(from: string): string {
  for (let dir = from; dirname(dir) !== dir; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
  }
  throw new Error(`no package.json in or above ${from}`);
}
