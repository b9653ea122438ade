import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../../infra/settings/read-settings.js';
import { dockerAnswers, startDockerStack } from './docker-stack.js';
import { givenEndpoints, type StackEndpoints } from './endpoints.js';
import { startNativeStack, type OwnStack } from './native-stack.js';
import type { PidLock } from '../../infra/program/pid-lock.js';
import { lockOrWait } from './lock/lock-or-wait.js';
import { findFreeBase, portPlan } from './tcp-ports.js';
import type { Log } from './progress.js';
import { requireServices } from './services/required-services.js';
import { StackError } from './stack-error.js';
import { readRunning, removeRunning, writeRunning, type RunningStack, type StackMode } from './stack-state.js';

export type ObtainOptions = {
  /** `STACK_DIR`: data, logs and state. */
  readonly dir: string;
  /** A base for all ports, or `free` for an unused block. Default: `STACK_PORT_BASE`, otherwise the usual ports. */
  readonly portBase?: number | 'free';
  /** Receives progress lines. */
  readonly log: Log;
  /** Default: the environment of this process. */
  readonly env?: Env;
  /** Aborting it stops what has been started; the call then throws the reason. */
  readonly signal?: AbortSignal;
};

/** A stack that is ready to use. */
export type LocalStack = {
  readonly endpoints: StackEndpoints;
  readonly mode: StackMode;
  /** The launcher that owns the stack, if it is another process. */
  readonly running?: RunningStack;
  /** Stops what was started for this stack and nothing else. Its data survive. Idempotent. */
  readonly stop: () => Promise<void>;
  /** Stops the same at once. */
  readonly kill: () => Promise<void>;
};

/**
 * A ready stack, in this order: endpoints given in settings; the stack that a live launcher runs in the same `dir`;
 * Docker, where an engine answers; otherwise native processes. `STACK=native` or `STACK=docker` forces one of the last two.
 * @throws StackError when none of these works; nothing is left running then.
 */
export async function obtainStack(options: ObtainOptions): Promise<LocalStack> {
  const env = options.env ?? process.env;
  const given = givenEndpoints(env);
  if (given !== undefined) {
    await requireServices(given, env, 'given in the settings', options.signal);
    return { endpoints: given, mode: 'given', ...nothingToStop };
  }
  mkdirSync(options.dir, { recursive: true });
  const lock = await lockOrAttach(options);
  if ('offered' in lock) {
    const running = lock.offered;
    return { endpoints: running.endpoints, mode: 'attached', running, ...nothingToStop };
  }
  try {
    const mode = await chooseMode(env);
    const base = options.portBase === 'free' ? await findFreeBase() : options.portBase;
    const start = mode === 'docker' ? startDockerStack : startNativeStack;
    const stack = await start({ ...options, env, ports: portPlan(env, base) });
    writeRunning(options.dir, 'stack', { mode, endpoints: stack.endpoints });
    return own(stack, mode, options.dir, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

const nothingToStop = { stop: () => Promise.resolve(), kill: () => Promise.resolve() };

function own(stack: OwnStack, mode: StackMode, dir: string, lock: PidLock): LocalStack {
  const ended = (end: () => Promise<void>) => async () => {
    removeRunning(dir, 'stack');
    await end();
    lock.release();
  };
  return { endpoints: stack.endpoints, mode, stop: ended(stack.stop), kill: ended(stack.kill) };
}

/** The launcher's lock of `dir`. Where another launcher has it: that launcher's stack, once it is ready. */
async function lockOrAttach({ dir, env = process.env, log, signal }: ObtainOptions) {
  return lockOrWait<RunningStack>(join(dir, 'launcher.lock'), {
    waitingFor: (holder) => `waiting for the stack that process ${holder} is starting in ${dir}`,
    offered: async (holder) => {
      const running = readRunning(dir).stack;
      if (running?.pid !== holder) return undefined;
      await requireServices(running.endpoints, env, `of the launcher with process id ${running.pid}`, signal);
      return running;
    },
    log,
    signal,
  });
}

async function chooseMode(env: Env): Promise<'docker' | 'native'> {
  if (env.STACK === 'docker' || env.STACK === 'native') return env.STACK;
  if (env.STACK) throw new StackError(`STACK must be native or docker, not ${JSON.stringify(env.STACK)}`);
  return (await dockerAnswers(env)) ? 'docker' : 'native';
}
