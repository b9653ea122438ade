import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../../infra/settings/read-settings.js';
import { allOrNone } from './process/all-or-none.js';
import { install, isInstalled, type InstallOptions } from './services/cache.js';
import { cacheDir } from './folders.js';
import { forget, remember, untilLeftOversEnd } from './process/left-overs.js';
import { localEndpoints, type StackEndpoints } from './endpoints.js';
import { keepRunning, type KeptProcess } from './process/kept-process.js';
import { kafkaService } from './services/kafka-service.js';
import { minioService } from './services/minio-service.js';
import type { NativeService, ServiceOptions } from './services/native-service.js';
import { requireFree, STACK_PORTS, type PortPlan } from './tcp-ports.js';
import { withProgress, type Log } from './progress.js';
import { withReadiness } from './services/readiness.js';
import { registryService } from './services/registry-service.js';
import type { ReadyProcess } from './process/supervised-process.js';
import { requireTools } from './services/toolchain.js';

const SERVICES: readonly NativeService[] = [kafkaService, registryService, minioService];

export type StackOptions = {
  readonly dir: string;
  readonly ports: PortPlan;
  readonly env: Env;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
};

/** A stack that this process has started. */
export type OwnStack = {
  readonly endpoints: StackEndpoints;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
};

/**
 * Starts Kafka, the registry and MinIO as processes of this machine, and resolves when each is ready.
 * @throws StackError when a tool is missing, a port is taken or a service fails; nothing is left running then.
 */
export async function startNativeStack(options: StackOptions): Promise<OwnStack> {
  const { env, ports, dir, log, signal } = options;
  const cache = cacheDir(env);
  const absent = SERVICES.filter((service) => !isInstalled(service.part, cache));
  await requireTools([...new Set([...SERVICES.flatMap((s) => s.toRun), ...absent.flatMap((s) => s.toInstall)])], env);
  await untilLeftOversEnd(dir, 'services', log, signal);
  await requireFree(ports, STACK_PORTS);
  mkdirSync(join(dir, 'logs'), { recursive: true });
  await installAll(absent, { cache, log, signal });

  const endpoints = localEndpoints(ports, env);
  const kept: KeptProcess[] = [];
  const end = async (how: 'stop' | 'kill') => {
    await Promise.all(kept.map((service) => service[how]()));
    forget(dir, 'services');
  };
  const startOne = (service: NativeService) => async (either: AbortSignal) => {
    const start = () => startService(service, { ...options, endpoints, installed: join(cache, service.part.folder) });
    const first = await start();
    try {
      await withProgress(log, `starting ${service.name}`, () => first.waitReady({ signal: either }));
    } catch (error) {
      await first.stop();
      throw error;
    }
    kept.push(keepRunning(first, start, log));
  };
  try {
    await allOrNone(SERVICES.map(startOne), signal);
  } catch (error) {
    await end('stop');
    throw error;
  }
  return { endpoints, stop: () => end('stop'), kill: () => end('kill') };
}

async function startService(service: NativeService, options: ServiceOptions): Promise<ReadyProcess> {
  const started = await service.start(options);
  void remember(options.dir, 'services', started);
  return withReadiness(started, service.probe(options), service.deadlineMs);
}

/** Installs all parts at once: MinIO's build takes minutes and should not wait for the downloads. Logs how long each took. */
async function installAll(services: readonly NativeService[], options: InstallOptions): Promise<void> {
  if (services.length === 0) return;
  const installOne = (service: NativeService) => async (signal: AbortSignal) => {
    const startedAt = performance.now();
    await install(service.part, { ...options, signal });
    return `${service.name} (${Math.round((performance.now() - startedAt) / 1_000)} s)`;
  };
  const durations = await allOrNone(services.map(installOne), options.signal);
  options.log(`installed in ${options.cache}, once for all clones: ${durations.join(', ')}`);
}
