import { join } from 'node:path';
import type { Env } from '../../infra/settings/read-settings.js';
import { givenEndpoints, type StackEndpoints } from './endpoints.js';
import { projectRoot } from './folders.js';
import { keepRunning } from './process/kept-process.js';
import { forget, remember, untilLeftOversEnd } from './process/left-overs.js';
import { obtainStack, type LocalStack, type ObtainOptions } from './obtain-stack.js';
import { findFreeBase, portPlan, requireFree, type PortPlan } from './tcp-ports.js';
import { PROCESSOR_NODE_ARGUMENTS } from './process/node-arguments.js';
import { startProgram } from './process/program.js';
import { LOCAL_TOKEN, programSettings, type ProgramSettings } from './program-settings.js';
import { withProgress } from './progress.js';
import { StackError } from './stack-error.js';
import { readRunning, removeRunning, writeRunning } from './stack-state.js';
import type { ReadyProcess } from './process/supervised-process.js';

/** Ingress and processor on a stack, ready for events. */
export type System = Omit<ProgramSettings, 'env'> & {
  readonly endpoints: StackEndpoints;
  /** Stops what was started for this system and nothing else; ingress and processor drain first. */
  readonly stop: () => Promise<void>;
  /** As stop, but at once. */
  readonly kill: () => Promise<void>;
};

const nothingToStop = { stop: () => Promise.resolve(), kill: () => Promise.resolve() };

/** A system that this process has started. */
export type OwnSystem = System & {
  /** The process id of the present run of each. */
  readonly pids: { readonly ingress: () => Promise<number>; readonly processor: () => Promise<number> };
};

/**
 * A running system, in this order: the one whose ingress is given by `INGRESS_URL`, on given endpoints; the one that a live
 * `npm start` runs in `dir`; else one that is started now.
 * @throws StackError when that cannot be had; nothing is left running then.
 */
export async function obtainSystem(options: ObtainOptions): Promise<System> {
  const env = options.env ?? process.env;
  if (env.INGRESS_URL) return givenSystem(env, env.INGRESS_URL);
  const running = givenEndpoints(env) === undefined ? readRunning(options.dir).programs : undefined;
  return running === undefined ? startSystem(options) : { ...running, ...nothingToStop };
}

/**
 * Starts a stack, if need be, and ingress and processor on it; either is started again when it fails.
 * @throws StackError when another one runs in `dir`, a port is taken, or a part does not get ready; nothing is left running then.
 */
export async function startSystem(options: ObtainOptions): Promise<OwnSystem> {
  const { dir, log, signal, env = process.env } = options;
  const base = options.portBase === 'free' ? await findFreeBase() : options.portBase;
  const ports = portPlan(env, base);
  const other = readRunning(dir).programs;
  if (other !== undefined) {
    throw new StackError(`npm start runs in ${dir} already (process ${other.pid}), its ingress at ${other.ingressUrl}`);
  }
  await untilLeftOversEnd(dir, 'programs', log, signal);
  await requireFree(ports, ['ingress'], env.INGRESS_HOST || '127.0.0.1');
  await requireFree(ports, ['processor'], env.PROCESSOR_HOST || '127.0.0.1');
  const stack = await obtainStack({ ...options, ...(base !== undefined && { portBase: base }) });
  try {
    return await startPrograms(options, env, ports, stack);
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function startPrograms(options: ObtainOptions, env: Env, ports: PortPlan, stack: LocalStack): Promise<OwnSystem> {
  const { dir, log, signal } = options;
  const { endpoints } = stack;
  const { env: programEnv, ...addresses } = programSettings(endpoints, ports, dir, env);
  const startIngress = () => start(dir, 'ingress', programEnv, addresses.ingressUrl);
  const startProcessor = () => start(dir, 'processor', programEnv, addresses.processorUrl);
  const first = { ingress: startIngress(), processor: startProcessor() };
  try {
    await withProgress(log, 'starting ingress and processor', () =>
      Promise.all(Object.values(first).map((program) => program.waitReady(signal ? { signal } : {}))),
    );
  } catch (error) {
    await Promise.all(Object.values(first).map((program) => program.stop()));
    throw error;
  }
  const ingress = keepRunning(first.ingress, startIngress, log);
  const processor = keepRunning(first.processor, startProcessor, log);
  writeRunning(dir, 'programs', { ...addresses, endpoints });

  // The programs drain into the stack: it goes after them.
  const end = async (how: 'stop' | 'kill') => {
    removeRunning(dir, 'programs');
    await Promise.all([ingress[how](), processor[how]()]);
    forget(dir, 'programs');
    await stack[how]();
  };
  const pids = { ingress: ingress.pid, processor: processor.pid };
  return { ...addresses, endpoints, pids, stop: () => end('stop'), kill: () => end('kill') };
}

function start(dir: string, name: 'ingress' | 'processor', programEnv: Env, url: string): ReadyProcess {
  const program = startProgram({
    name,
    script: join(projectRoot, 'dist', name, 'main.js'),
    nodeArguments: name === 'processor' ? PROCESSOR_NODE_ARGUMENTS : [],
    env: programEnv,
    logFile: join(dir, 'logs', `${name}.log`),
    readyUrl: `${url}/readyz`,
  });
  void remember(dir, 'programs', program);
  return program;
}

function givenSystem(env: Env, url: string): System {
  const endpoints = givenEndpoints(env);
  if (endpoints === undefined) {
    throw new StackError('INGRESS_URL given, but not KAFKA_BROKERS, SCHEMA_REGISTRY_URL and S3_ENDPOINT: set them too');
  }
  const token = env.INGRESS_TOKENS?.split(',')[0]?.trim() || LOCAL_TOKEN;
  const processorUrl = env.PROCESSOR_URL ?? '';
  const auth = { header: env.INGRESS_AUTH_HEADER || 'authorization', token };
  return { ingressUrl: url.replace(/\/+$/, ''), processorUrl, auth, endpoints, ...nothingToStop };
}
