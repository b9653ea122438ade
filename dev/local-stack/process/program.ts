import type { Env } from '../../../infra/settings/read-settings.js';
import { httpProbe, withReadiness } from '../services/readiness.js';
import { supervise, type ReadyProcess } from './supervised-process.js';

export type ProgramOptions = {
  /** Name in messages: `ingress`, `processor`. */
  readonly name: string;
  /** Compiled script. */
  readonly script: string;
  /** Arguments of node, before the script. */
  readonly nodeArguments?: readonly string[];
  /** Complete environment of the program. */
  readonly env: Env;
  readonly logFile: string;
  /** Working directory. Default: that of this process. */
  readonly cwd?: string;
  /** URL that answers 200 once the program is ready. */
  readonly readyUrl: string;
  /** Time to drain after SIGTERM before it is killed. Default: 30 s. */
  readonly graceMs?: number;
};

/** Starts one of the programs with the Node that runs this process, and returns at once. It cannot outlive this process. */
export function startProgram(options: ProgramOptions): ReadyProcess {
  const program = supervise({
    name: options.name,
    command: [process.execPath, ...(options.nodeArguments ?? []), options.script],
    env: options.env,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    logFile: options.logFile,
    graceMs: options.graceMs ?? 30_000,
  });
  return withReadiness(program, httpProbe(options.readyUrl), 60_000);
}
