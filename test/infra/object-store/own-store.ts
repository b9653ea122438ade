import { join } from 'node:path';
import type { Env } from '../../../infra/settings/read-settings.js';
import { install, isInstalled, type Installable } from '../../../dev/local-stack/services/cache.js';
import { cacheDir } from '../../../dev/local-stack/folders.js';
import { serviceEnv } from '../../../dev/local-stack/services/native-service.js';
import { withReadiness, type Probe } from '../../../dev/local-stack/services/readiness.js';
import type { Log } from '../../../dev/local-stack/progress.js';
import { supervise } from '../../../dev/local-stack/process/supervised-process.js';
import { requireTools } from '../../../dev/local-stack/services/toolchain.js';

export type StoreAccess = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
};

/** An S3 store that only tests use. Built with Go and cached like the services of the stack. */
export type OwnStore = {
  readonly part: Installable;
  /** @param dir empty folder for its data. */
  readonly command: (program: string, address: string, dir: string, access: StoreAccess) => [string, ...string[]];
  readonly env: (access: StoreAccess) => Record<string, string>;
};

/** A running store. */
export type StartedStore = { readonly access: StoreAccess; readonly stop: () => Promise<unknown> };

export type StartOptions = { readonly dir: string; readonly port: number; readonly log: Log; readonly env: Env };

/** Why the store cannot run on this machine; `undefined` if it can. */
export async function whyMissing({ part }: OwnStore, env: Env): Promise<string | undefined> {
  if (isInstalled(part, cacheDir(env))) return undefined;
  return requireTools(['go'], env).then(
    () => undefined,
    () => `${part.name} is not in the cache, and Go, which builds it, is missing or too old`,
  );
}

/** @throws StackError when the store cannot be built or does not start. */
export async function startOwnStore(store: OwnStore, { dir, port, log, env }: StartOptions): Promise<StartedStore> {
  const program = await install(store.part, { cache: cacheDir(env), log });
  const address = `127.0.0.1:${port}`;
  const access = { endpoint: `http://${address}`, region: 'us-east-1', accessKey: 'tests', secretKey: 'tests-secret' };
  const { name } = store.part;
  const started = supervise({
    name,
    command: store.command(program, address, dir, access),
    env: { ...serviceEnv(env), ...store.env(access) },
    logFile: join(dir, `${name}.log`),
    graceMs: 5_000,
  });
  try {
    await withReadiness(started, answers(access.endpoint), 60_000).waitReady();
  } catch (error) {
    await started.stop();
    throw error;
  }
  return { access, stop: started.stop };
}

/** Ready once it answers without a server error: not every store has a health endpoint. */
function answers(endpoint: string): Probe {
  return async () => {
    const response = await fetch(endpoint, { redirect: 'manual', signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.status < 500;
  };
}
