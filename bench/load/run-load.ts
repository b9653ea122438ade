import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../infra/local-stack/folders.js';
import type { LoadOptions, LoadResult } from './generate-load.js';

/** Runs the load generator in a process of its own. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const script = join(projectRoot, 'dist', 'bench', 'load', 'main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)]);
  return JSON.parse(stdout) as LoadResult;
}
