import type { Env } from '../../../infra/settings/read-settings.js';
import type { Installable } from './cache.js';
import type { StackEndpoints } from '../endpoints.js';
import type { PortPlan } from '../tcp-ports.js';
import type { Probe } from './readiness.js';
import type { SupervisedProcess } from '../process/supervised-process.js';
import type { Tool } from './toolchain.js';

/** Everything that a service of the native stack needs to start. */
export type ServiceOptions = {
  /** `STACK_DIR`. The service has a data folder in it and a log in `logs/`. */
  readonly dir: string;
  /** Folder in which its part is installed. */
  readonly installed: string;
  readonly ports: PortPlan;
  readonly endpoints: StackEndpoints;
  readonly env: Env;
  readonly signal?: AbortSignal | undefined;
};

/** One service of the native stack: how it is installed, started and probed. */
export type NativeService = {
  readonly name: string;
  readonly part: Installable;
  readonly toInstall: readonly Tool[];
  readonly toRun: readonly Tool[];
  start(options: ServiceOptions): Promise<SupervisedProcess>;
  probe(options: ServiceOptions): Probe;
  readonly deadlineMs: number;
};

/**
 * Environment of a service. It does not inherit all variables: services read names such as `LOG_LEVEL` or `HTTP_PORT` that are
 * meant for other programs.
 */
export function serviceEnv(env: Env): Record<string, string> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'JAVA_HOME', 'JAVA_TOOL_OPTIONS'];
  return Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
