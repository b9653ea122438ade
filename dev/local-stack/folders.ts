import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../../infra/settings/read-settings.js';

/** Top folder of the clone, whether this file runs from `dist/` or from its source. */
export const projectRoot = findProjectRoot(dirname(fileURLToPath(import.meta.url)));

/** A file in the source folder of this module that `tsc` does not copy to `dist/`. */
export function sourceFile(name: string): string {
  return join(projectRoot, 'dev', 'local-stack', name);
}

/** Folder of the stack's data, logs and state: `STACK_DIR`, otherwise `.stack` in the clone. */
export function stackDir(env: Env): string {
  return resolve(projectRoot, env.STACK_DIR || '.stack');
}

/** Cache of downloads and builds for all clones of this user: `STACK_CACHE_DIR`, otherwise below `~/.cache`. */
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
