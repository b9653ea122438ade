import { join } from 'node:path';
import type { Env } from '../../infra/settings/read-settings.js';
import { givenEndpoints, type StackEndpoints } from './endpoints.js';
import { projectRoot } from './folders.js';
import { givenSystem } from './given-system.js';
import { keepRunning } from './process/kept-process.js';
import { forget, remember, untilLeftOversEnd } from './process/left-overs.js';
import { obtainStack, type LocalStack, type ObtainOptions } from './obtain-stack.js';
import { findFreeBase, portPlan, requireFree, type PortPlan } from './tcp-ports.js';
import { PROCESSOR_NODE_ARGUMENTS } from './process/node-arguments.js';
import { startProgram } from './process/program.js';
import { programSettings, type ProgramSettings } from './program-settings.js';
import { withProgress } from './progress.js';
import { StackError } from './stack-error.js';
import { lockOrWait } from './lock/lock-or-wait.js';
import { lockPrograms, programsLockFile } from './lock/programs-lock.js';
import type { PidLock } from '../../infra/program/pid-lock.js';
import { readRunning, removeRunning, writeRunning, type RunningPrograms } from './stack-state.js';
import type { ReadyProcess } from './process/supervised-process.js';

/** Ingress and processor on a stack, ready for events. */
export type System = Omit<ProgramSettings, 'env'> & {
  readonly endpoints: StackEndpoints;
  /** Stops what was started for this system and nothing else. Ingress and processor drain first. */
  readonly stop: () => Promise<void>;
  /** Stops the same at once, without draining. */
  readonly kill: () => Promise<void>;
};

const nothingToStop = { stop: () => Promise.resolve(), kill: () => Promise.resolve() };

/** A system that this process has started. */
export type OwnSystem = System & {
  /** Process ids of the current run of each program. */
  readonly pids: { readonly ingress: () => Promise<number>; readonly processor: () => Promise<number> };
};

/**
 * A running system, in this order: the one whose ingress is given by `INGRESS_URL`, on given endpoints; the one that a live
 * `npm start` runs in `dir`, or is about to; otherwise one that is started now.
 * @throws StackError when none of these works; nothing is left running then.
 */
export async function obtainSystem(options: ObtainOptions): Promise<System> {
  const { dir, log, signal, env = process.env } = options;
  if (env.INGRESS_URL) return { ...givenSystem(env, env.INGRESS_URL), ...nothingToStop };
  if (givenEndpoints(env) !== undefined) return startSystem(options);
  const lock = await lockOrWait<RunningPrograms>(programsLockFile(dir), {
    waitingFor: (holder) => `waiting for ingress and processor, which process ${holder} is starting in ${dir}`,
    offered: (holder) => {
      const { programs } = readRunning(dir);
      return Promise.resolve(programs?.pid === holder ? programs : undefined);
    },
    log,
    signal,
  });
  return 'offered' in lock ? { ...lock.offered, ...nothingToStop } : startLocked(options, lock);
}

/**
 * Starts a stack, if necessary, and ingress and processor on it. Restarts either program when it fails.
 * @throws StackError when another process runs or starts them in `dir`, a port is taken, or a part does not become ready;
 *   nothing is left running then.
 */
export async function startSystem(options: ObtainOptions): Promise<OwnSystem> {
  const { dir } = options;
  const lock = lockPrograms(dir);
  if ('release' in lock) return startLocked(options, lock);
  const { programs } = readRunning(dir);
  throw new StackError(
    programs === undefined
      ? `process ${lock.holder} is already starting ingress and processor in ${dir}`
      : `process ${lock.holder} already runs ingress and processor in ${dir}, the ingress at ${programs.ingressUrl}`,
  );
}

async function startLocked(options: ObtainOptions, lock: PidLock): Promise<OwnSystem> {
  try {
    return await startOnStack(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startOnStack(options: ObtainOptions, lock: PidLock): Promise<OwnSystem> {
  const { dir, log, signal, env = process.env } = options;
  const base = options.portBase === 'free' ? await findFreeBase() : options.portBase;
  const ports = portPlan(env, base);
  await untilLeftOversEnd(dir, 'programs', log, signal);
  await requireFree(ports, ['ingress'], env.INGRESS_HOST || '127.0.0.1');
  await requireFree(ports, ['processor'], env.PROCESSOR_HOST || '127.0.0.1');
  const stack = await obtainStack({ ...options, ...(base !== undefined && { portBase: base }) });
  try {
    return await startPrograms(options, ports, stack, lock);
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function startPrograms(
  options: ObtainOptions,
  ports: PortPlan,
  stack: LocalStack,
  lock: PidLock,
): Promise<OwnSystem> {
  const { dir, log, signal, env = process.env } = options;
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

  // The programs drain into the stack, so it ends after them.
  const end = async (how: 'stop' | 'kill') => {
    removeRunning(dir, 'programs');
    await Promise.all([ingress[how](), processor[how]()]);
    forget(dir, 'programs');
    await stack[how]();
    lock.release();
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
