import { join } from 'node:path';
import type { Env } from '../settings/read-settings.js';
import { projectRoot, stackDir } from './folders.js';
import { logToStderr as log, runInForeground, type Foreground } from './foreground.js';
import { keepRunning } from './kept-process.js';
import { remember, untilLeftOversEnd } from './left-overs.js';
import { obtainStack, type LocalStack } from './obtain-stack.js';
import { portPlan, requireFree } from './ports.js';
import { startProgram } from './program.js';
import { programSettings } from './program-settings.js';
import { withProgress } from './progress.js';
import { StackError } from './stack-error.js';
import { readRunning, removeRunning, writeRunning } from './stack-state.js';
import type { ReadyProcess } from './supervised-process.js';
import { welcome } from './welcome.js';

// `npm start`: the local stack with ingress and processor, until Ctrl-C.
const dir = stackDir(process.env);
const env = process.env;

await runInForeground(async (signal) => {
  const ports = portPlan(env);
  const other = readRunning(dir).programs;
  if (other !== undefined) {
    throw new StackError(`npm start runs in ${dir} already (process ${other.pid}), its ingress at ${other.ingressUrl}`);
  }
  await untilLeftOversEnd(dir, 'programs', log, signal);
  await requireFree(ports, ['ingress'], env.INGRESS_HOST || '127.0.0.1');
  await requireFree(ports, ['processor'], env.PROCESSOR_HOST || '127.0.0.1');

  const stack = await obtainStack({ dir, log, signal });
  try {
    return await startPrograms(stack, signal);
  } catch (error) {
    await stack.stop();
    throw error;
  }
});

async function startPrograms(stack: LocalStack, signal: AbortSignal): Promise<Foreground> {
  const settings = programSettings(stack.endpoints, portPlan(env), dir, env);
  const starts = [
    () => start('ingress', settings.env, settings.ingressUrl),
    () => start('processor', settings.env, settings.processorUrl),
  ];
  const first = starts.map((startOne) => startOne());
  try {
    await withProgress(log, 'starting ingress and processor', () =>
      Promise.all(first.map((program) => program.waitReady({ signal }))),
    );
  } catch (error) {
    await Promise.all(first.map((program) => program.stop()));
    throw error;
  }
  const kept = starts.map((startOne, index) => keepRunning(first[index] ?? startOne(), startOne, log));
  const { ingressUrl, processorUrl, auth } = settings;
  writeRunning(dir, 'programs', { ingressUrl, processorUrl, ...(auth && { auth }), endpoints: stack.endpoints });
  process.stdout.write(`${welcome(settings, stack.endpoints, join(dir, 'logs'))}\n`);
  process.stdout.write(
    `ready in ${(performance.now() / 1000).toFixed(1)} s (Ctrl-C stops all of it; the data stay in ${dir})\n`,
  );

  // The programs drain into the stack: it goes after them.
  const end = async (how: 'stop' | 'kill') => {
    removeRunning(dir, 'programs');
    await Promise.all(kept.map((program) => program[how]()));
    await stack[how]();
  };
  return { stop: () => end('stop'), kill: () => end('kill') };
}

function start(name: 'ingress' | 'processor', programEnv: Env, url: string): ReadyProcess {
  const program = startProgram({
    name,
    script: join(projectRoot, 'dist', name, 'main.js'),
    env: programEnv,
    logFile: join(dir, 'logs', `${name}.log`),
    readyUrl: `${url}/readyz`,
  });
  void remember(dir, 'programs', program);
  return program;
}
