import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../../infra/settings/read-settings.js';
import type { StackEndpoints } from './endpoints.js';
import type { PortPlan } from './tcp-ports.js';

/** Token of the local stack. It protects only an ingress on this machine. */
export const LOCAL_TOKEN = 'local-dev-token';

/** Settings with which `npm start` runs ingress and processor. */
export type ProgramSettings = {
  /** Environment of both: the user's settings, local defaults for those that are not set, and the stack's endpoints. */
  readonly env: Env;
  readonly ingressUrl: string;
  readonly processorUrl: string;
  readonly auth?: { readonly header: string; readonly token: string };
};

/** @param dir `STACK_DIR`: spool and spill folders are created in it. */
export function programSettings(endpoints: StackEndpoints, ports: PortPlan, dir: string, env: Env): ProgramSettings {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const anyone = set.INGRESS_ALLOW_ANONYMOUS === 'true' && set.INGRESS_TOKENS === undefined;
  const file = set.INGRESS_TOKENS_FILE;
  const settings: Record<string, string | undefined> = {
    ...(anyone || file !== undefined ? {} : { INGRESS_TOKENS: LOCAL_TOKEN }),
    INGRESS_HOST: '127.0.0.1',
    INGRESS_SPOOL_DIR: join(dir, 'spool'),
    PROCESSOR_HOST: '127.0.0.1',
    ARCHIVE_SPILL_DIR: join(dir, 'spill'),
    ARCHIVE_ALLOWED_HOSTS: '127.0.0.1,localhost',
    LOG_LEVEL: 'info',
    ...set,
    ...endpoints,
    INGRESS_PORT: String(ports.ingress),
    PROCESSOR_PORT: String(ports.processor),
  };
  // A file that cannot be read is a fault that the ingress explains.
  const tokens = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : settings.INGRESS_TOKENS;
  const token = tokens
    ?.split(/[,\r\n]/)
    .map((item) => item.trim())
    .find((item) => item !== '');
  const scheme = settings.INGRESS_TLS_CERT_FILE ? 'https' : 'http';
  return {
    env: settings,
    ingressUrl: `${scheme}://${reachable(settings.INGRESS_HOST)}:${ports.ingress}`,
    processorUrl: `http://${reachable(settings.PROCESSOR_HOST)}:${ports.processor}`,
    ...(token === undefined ? {} : { auth: { header: settings.INGRESS_AUTH_HEADER ?? 'authorization', token } }),
  };
}

/** Address at which a program that listens on `host` can be reached from this machine. */
function reachable(host = '127.0.0.1'): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
