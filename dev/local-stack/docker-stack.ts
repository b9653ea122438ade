import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Env } from '../../infra/settings/read-settings.js';
import { allOrNone } from './process/all-or-none.js';
import { localEndpoints, type StackEndpoints } from './endpoints.js';
import { projectRoot, sourceFile } from './folders.js';
import type { OwnStack, StackOptions } from './native-stack.js';
import { requireFree, type PortPlan } from './tcp-ports.js';
import { withProgress } from './progress.js';
import { kafkaCoordinatorProbe } from './services/kafka-probe.js';
import { httpProbe, withReadiness } from './services/readiness.js';
import { StackError } from './stack-error.js';
import { supervise, type SupervisedProcess } from './process/supervised-process.js';

/** The services of `docker-compose.yml` that form the stack. */
export const STACK_SERVICES = ['kafka', 'registry', 'minio'] as const;
const COMPOSE_FILE = join(projectRoot, 'docker-compose.yml');
const READY_WITHIN_MS = 120_000;

/** Whether a Docker engine answers and the compose plugin is installed. */
export async function dockerAnswers(env: Env): Promise<boolean> {
  const ask = (...args: string[]) => promisify(execFile)('docker', args, { env, timeout: 10_000 });
  return ask('info', '--format', '{{.ServerVersion}}').then(
    () =>
      ask('compose', 'version').then(
        () => true,
        () => false,
      ),
    () => false,
  );
}

/** The variables with which `docker-compose.yml` publishes the services on the ports of `plan`. */
export function composeVariables(plan: PortPlan, endpoints: StackEndpoints): Record<string, string> {
  return {
    KAFKA_PORT: String(plan.kafka),
    REGISTRY_PORT: String(plan.registry),
    MINIO_PORT: String(plan.minio),
    S3_REGION: endpoints.S3_REGION,
    S3_ACCESS_KEY: endpoints.S3_ACCESS_KEY,
    S3_SECRET_KEY: endpoints.S3_SECRET_KEY,
  };
}

/**
 * Starts the stack's services of `docker-compose.yml` as a Compose project of this `STACK_DIR`. Its volumes keep the data.
 * A supervised process follows the containers and stops them if this process dies.
 * @throws StackError when no engine answers, a port is taken or a service fails; no container is left running then.
 */
export async function startDockerStack(options: StackOptions): Promise<OwnStack> {
  const { dir, env, ports, log, signal } = options;
  if (!(await dockerAnswers(env))) {
    throw new StackError(
      'STACK=docker, but no Docker engine with the compose plugin answers: start one, or set STACK=native',
    );
  }
  const endpoints = localEndpoints(ports, env);
  const variables = { ...env, ...composeVariables(ports, endpoints) };
  const project = `pathors-${createHash('sha256').update(dir).digest('hex').slice(0, 10)}`;
  const client = ['docker', 'compose', '--ansi', 'never', '-f', COMPOSE_FILE, '-p', project];
  const run = (name: string, ...command: [string, ...string[]]): SupervisedProcess =>
    supervise({ name, command, env: variables, logFile: join(dir, 'logs', 'docker.log'), graceMs: 40_000 });
  const compose = (...args: string[]) => run(`docker compose ${args[0] ?? ''}`, 'docker', ...client.slice(1), ...args);

  // Containers of a killed launcher may still be stopping, and hold the ports until then.
  await compose('down', '--timeout', '20').exited;
  await requireFree(ports, STACK_SERVICES);
  await withProgress(log, 'fetching and building images (once, takes some minutes)', () =>
    done(compose('up', '--no-start', '--quiet-pull', ...STACK_SERVICES), signal),
  );

  const up = run(
    'docker compose',
    'sh',
    sourceFile('process/compose-foreground.sh'),
    STACK_SERVICES.join(' '),
    ...client,
  );
  const probes = {
    Kafka: kafkaCoordinatorProbe('127.0.0.1', ports.kafka),
    'schema registry': httpProbe(`${endpoints.SCHEMA_REGISTRY_URL}/subjects`),
    MinIO: httpProbe(`${endpoints.S3_ENDPOINT}/minio/health/ready`),
  };
  const down = async () => {
    await up.stop();
    // Keeps the volumes and the data in them.
    await compose('down').exited;
  };
  try {
    await allOrNone(
      Object.entries(probes).map(
        ([name, probe]) =>
          (either) =>
            withProgress(log, `starting ${name} in Docker`, () =>
              withReadiness({ ...up, name: `${name} in Docker` }, probe, READY_WITHIN_MS).waitReady({ signal: either }),
            ),
      ),
      signal,
    );
  } catch (error) {
    await down();
    throw error;
  }
  return {
    endpoints,
    stop: down,
    kill: async () => {
      await compose('kill').exited;
      await up.kill();
    },
  };
}

/** @throws StackError with the end of the log when the command fails; the reason of `signal` when it is aborted. */
async function done(command: SupervisedProcess, signal?: AbortSignal): Promise<void> {
  // No container runs yet, and a build or a download may react to SIGTERM late.
  const abort = () => void command.kill();
  signal?.addEventListener('abort', abort);
  const exit = await command.exited;
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  if (exit.code === 0) return;
  const tail = command.lastLogLines(15).map((line) => `\n  | ${line}`);
  throw new StackError(`${command.name} failed; its log: ${command.logFile}${tail.join('')}`);
}
