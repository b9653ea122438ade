import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../infra/local-stack/folders.js';
import type { LoadOptions, LoadResult } from './generate-load.js';

/** `cpuMs`: what the load itself took. */
export type MeasuredLoad = LoadResult & { readonly cpuMs: number };

/** Runs the load generator in a process of its own. */
export async function runLoad(options: LoadOptions): Promise<MeasuredLoad> {
  const script = join(projectRoot, 'dist', 'bench', 'load', 'main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)]);
  return JSON.parse(stdout) as MeasuredLoad;
}
