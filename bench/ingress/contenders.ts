import { join } from 'node:path';
import { projectRoot } from '../../infra/local-stack/folders.js';
import { httpProbe, withReadiness } from '../../infra/local-stack/readiness.js';
import { supervise } from '../../infra/local-stack/supervised-process.js';

/** A server under load: ours, or one that a user would write instead. */
export type Contender = {
  readonly name: string;
  /** Script under `dist/`, its arguments, and its environment on top of ours. */
  readonly script: string;
  readonly args: (port: number) => readonly string[];
  readonly env: (port: number) => Readonly<Record<string, string>>;
  /** Topic that holds an event for each 202; absent for a server that keeps nothing. */
  readonly topic?: string;
};

export type RunningContender = { readonly pid: number; readonly stop: () => Promise<void> };

export const TOKEN = 'bench';

export function ingressContenders(brokers: string, prefix: string, spoolDir: string): readonly Contender[] {
  const fastify = (name: string, mode: string): Contender => {
    const topic = `${prefix}peer.fastify.${mode}`;
    return {
      name,
      script: 'bench/peers/fastify-kafkajs.js',
      args: (port) => [String(port), brokers, topic, mode],
      env: () => ({ KAFKAJS_NO_PARTITIONER_WARNING: '1' }),
      topic,
    };
  };
  return [
    {
      name: 'ingress',
      script: 'ingress/main.js',
      args: () => [],
      env: (port) => ({
        INGRESS_HOST: '127.0.0.1',
        INGRESS_PORT: String(port),
        INGRESS_TOKENS: TOKEN,
        INGRESS_SPOOL_DIR: spoolDir,
        TOPIC_PREFIX: prefix,
        LOG_LEVEL: 'warn',
      }),
      topic: `${prefix}session.events`,
    },
    fastify('Fastify + kafkajs', 'plain'),
    fastify('Fastify + kafkajs, idempotent', 'idempotent'),
    { name: 'uWebSockets.js echo', script: 'bench/peers/uws-echo.js', args: (port) => [String(port)], env: () => ({}) },
  ];
}

/** Starts a contender and waits until it is ready. It cannot outlive this process. */
export async function startContender(contender: Contender, port: number, logDir: string): Promise<RunningContender> {
  const command = [process.execPath, join(projectRoot, 'dist', contender.script), ...contender.args(port)] as const;
  const env = { ...process.env, ...contender.env(port) };
  const logFile = join(logDir, `${contender.name.replaceAll(/\W+/g, '-')}.log`);
  const started = supervise({ name: contender.name, command, env, logFile, graceMs: 15_000 });
  await withReadiness(started, httpProbe(`http://127.0.0.1:${port}/readyz`), 30_000).waitReady();
  return {
    pid: await started.pid,
    stop: async () => {
      await started.stop();
    },
  };
}
