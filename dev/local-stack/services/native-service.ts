import type { Env } from '../../../infra/settings/read-settings.js';
import type { Installable } from './cache.js';
import type { StackEndpoints } from '../endpoints.js';
import type { PortPlan } from '../tcp-ports.js';
import type { Probe } from './readiness.js';
import type { SupervisedProcess } from '../process/supervised-process.js';
import type { Tool } from './toolchain.js';

/** What a service of the native stack is started with. */
export type ServiceContext = {
  /** `STACK_DIR`: its data go to a folder of their own in it, its log to `logs/`. */
  readonly dir: string;
  /** Where its part is installed. */
  readonly installed: string;
  readonly ports: PortPlan;
  readonly endpoints: StackEndpoints;
  readonly env: Env;
  readonly signal?: AbortSignal | undefined;
};

/** One service of the native stack: how it comes to this machine, how it is started, how it says that it is ready. */
export type NativeService = {
  readonly name: string;
  readonly part: Installable;
  readonly toInstall: readonly Tool[];
  readonly toRun: readonly Tool[];
  start(context: ServiceContext): Promise<SupervisedProcess>;
  probe(context: ServiceContext): Probe;
  readonly deadlineMs: number;
};

/**
 * The environment a service starts with. Not ours as it is: services read names such as `LOG_LEVEL` or `HTTP_PORT` that
 * are meant for others.
 */
export function serviceEnv(env: Env): Record<string, string> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'JAVA_HOME', 'JAVA_TOOL_OPTIONS'];
  return Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
