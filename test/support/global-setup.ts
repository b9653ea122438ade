import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerAnswers } from '../../dev/local-stack/docker-stack.js';
import { givenEndpoints } from '../../dev/local-stack/endpoints.js';
import { obtainStack } from '../../dev/local-stack/obtain-stack.js';
import { startComposeStack } from '../dev/local-stack/compose-environment.js';

/**
 * One real stack for all suites that need one, in a folder and on ports of its own; its endpoints go into the environment. Where a
 * Docker engine answers it is that of docker-compose.yml, through testcontainers.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (
    givenEndpoints(process.env) === undefined &&
    process.env['STACK'] !== 'native' &&
    (await dockerAnswers(process.env))
  ) {
    const { endpoints, stop } = await startComposeStack();
    Object.assign(process.env, endpoints);
    return stop;
  }
  const dir = mkdtempSync(join(tmpdir(), 'stack-test-'));
  const stack = await obtainStack({ dir, portBase: 'free', log: (line) => process.stderr.write(`${line}\n`) });
  Object.assign(process.env, stack.endpoints);
  return async () => {
    await stack.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}
