import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { httpProbe, withReadiness } from '../../dev/local-stack/services/readiness.js';
import { supervise } from '../../dev/local-stack/process/supervised-process.js';
import type { BenchSite } from '../site/bench-site.js';

/** A server to load: ours, or one that a user would write instead. */
export type Contender = {
  readonly name: string;
  /** Script below `dist/`, its arguments, and its environment in addition to ours. */
  readonly script: string;
  readonly args: (port: number) => readonly string[];
  readonly env: (port: number) => Readonly<Record<string, string>>;
  /** Topic that must hold an event for each 202; absent for a server that keeps nothing. */
  readonly topic?: string;
};

export type RunningContender = { readonly pid: number; readonly stop: () => Promise<void> };

export const TOKEN = 'bench';
export const OURS = 'ingress';
export const PLAIN = 'Fastify + kafkajs';
export const IDEMPOTENT = 'Fastify + kafkajs, idempotent';
export const BATCHED = 'Fastify + kafkajs, batched';
export const PLATFORMATIC = 'Fastify + @platformatic/kafka';
export const ECHO = 'uWebSockets.js echo';

/** `dist/ingress/main.js` with its defaults. */
export function ourIngress({ endpoints, prefix, dir }: BenchSite, workers = 1): Contender {
  return {
    name: OURS,
    script: 'ingress/main.js',
    args: () => [],
    env: (port) => ({
      ...endpoints,
      INGRESS_HOST: '127.0.0.1',
      INGRESS_PORT: String(port),
      INGRESS_TOKENS: TOKEN,
      INGRESS_WORKERS: String(workers),
      INGRESS_SPOOL_DIR: join(dir, 'spool'),
      TOPIC_PREFIX: prefix,
      LOG_LEVEL: 'warn',
    }),
    topic: `${prefix}session.events`,
  };
}

/** The peers. They create no topics: theirs must exist, with as many partitions as ours. */
export function ingressPeers({ endpoints, prefix }: BenchSite): readonly Contender[] {
  const brokers = endpoints.KAFKA_BROKERS;
  const peer = (name: string, script: string, mode: string): Contender => {
    const topic = `${prefix}peer.${mode}`;
    return {
      name,
      script: `bench/peers/${script}.js`,
      args: (port) => [String(port), brokers, topic, mode],
      env: () => ({}),
      topic,
    };
  };
  return [
    peer(PLAIN, 'fastify-kafkajs', 'plain'),
    peer(IDEMPOTENT, 'fastify-kafkajs', 'idempotent'),
    peer(BATCHED, 'fastify-kafkajs', 'batched'),
    peer(PLATFORMATIC, 'fastify-platformatic', 'platformatic'),
    echoServer(),
  ];
}

export function echoServer(): Contender {
  return { name: ECHO, script: 'bench/peers/uws-echo.js', args: (port) => [String(port)], env: () => ({}) };
}

/** Starts a contender in a process that cannot outlive this one, and waits until it is ready. */
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
