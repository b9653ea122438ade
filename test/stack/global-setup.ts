import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainStack } from '../../infra/local-stack/obtain-stack.js';

/** One real stack for all suites that need one, in a folder and on ports of its own; its endpoints go into the environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'stack-test-'));
  const stack = await obtainStack({ dir, portBase: 'free', log: (line) => process.stderr.write(`${line}\n`) });
  Object.assign(process.env, stack.endpoints);
  return async () => {
    await stack.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}
