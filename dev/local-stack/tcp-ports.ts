import { createServer } from 'node:net';
import type { Env } from '../../infra/settings/read-settings.js';
import { StackError } from './stack-error.js';

/** Port of each service. Everything except `INGRESS_HOST` and `PROCESSOR_HOST` is bound to 127.0.0.1. */
export type PortPlan = {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly registry: number;
  readonly minio: number;
  readonly ingress: number;
  readonly processor: number;
};

const CONVENTIONAL: PortPlan = {
  kafka: 9092,
  kafkaController: 9093,
  registry: 8081,
  minio: 9000,
  ingress: 8080,
  processor: 9090,
};
const OFFSETS: PortPlan = { kafka: 0, kafkaController: 1, registry: 2, minio: 3, ingress: 10, processor: 11 };
/** Ports that a base reserves: the highest offset plus one. */
export const BLOCK_SIZE = 12;

const SERVICE_NAMES: Readonly<Record<keyof PortPlan, string>> = {
  kafka: 'Kafka',
  kafkaController: "Kafka's controller",
  registry: 'the schema registry',
  minio: 'MinIO',
  ingress: 'the ingress',
  processor: 'the processor',
};
export const STACK_PORTS = ['kafka', 'kafkaController', 'registry', 'minio'] as const;

/**
 * The conventional ports, or those from `STACK_PORT_BASE` on. `INGRESS_PORT` and `PROCESSOR_PORT` override both.
 * @param base replaces `STACK_PORT_BASE`, which is then not read.
 * @throws StackError when a setting is not a port.
 */
export function portPlan(env: Env, base?: number): PortPlan {
  const first = base ?? portSetting(env, 'STACK_PORT_BASE', 65_535 - BLOCK_SIZE + 1);
  const plan = first === undefined ? CONVENTIONAL : movedTo(first);
  return {
    ...plan,
    ingress: portSetting(env, 'INGRESS_PORT') ?? plan.ingress,
    processor: portSetting(env, 'PROCESSOR_PORT') ?? plan.processor,
  };
}

/** @throws StackError that names every port of `wanted` on which another program listens. */
export async function requireFree(
  plan: PortPlan,
  wanted: readonly (keyof PortPlan)[],
  host = '127.0.0.1',
): Promise<void> {
  const free = await Promise.all(wanted.map((service) => isFree(plan[service], host)));
  const taken = wanted
    .filter((_, index) => !free[index])
    .map((service) => `${plan[service]} (${SERVICE_NAMES[service]})`);
  if (taken.length === 0) return;
  const [ports, are] = taken.length === 1 ? ['port', 'is'] : ['ports', 'are'];
  throw new StackError(
    `${ports} ${taken.join(', ')} ${are} in use by another program: stop it, or set STACK_PORT_BASE (e.g. ` +
      `STACK_PORT_BASE=19000) to move all ports of the stack`,
  );
}

/** A base whose whole block is free now. Another program may still occupy one of the ports before they are used. */
export async function findFreeBase(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    // Below 32768, where Linux starts to assign ports to outgoing connections.
    const base = 22_000 + BLOCK_SIZE * Math.floor(Math.random() * 890);
    const block = Array.from({ length: BLOCK_SIZE }, (_, index) => isFree(base + index, '127.0.0.1'));
    if ((await Promise.all(block)).every(Boolean)) return base;
  }
  throw new StackError(`found no ${BLOCK_SIZE} free ports in a row between 22000 and 32768`);
}

function movedTo(base: number): PortPlan {
  return Object.fromEntries(Object.entries(OFFSETS).map(([service, offset]) => [service, base + offset])) as PortPlan;
}

function portSetting(env: Env, name: string, max = 65_535): number | undefined {
  const input = env[name];
  if (input === undefined || input === '') return undefined;
  const port = Number(input);
  if (!/^\d+$/.test(input) || port < 1 || port > max)
    throw new StackError(`${name} must be a whole number from 1 to ${max}`);
  return port;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => settle(true)));
  });
}
