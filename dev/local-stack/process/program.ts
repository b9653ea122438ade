import type { Env } from '../../../infra/settings/read-settings.js';
import { httpProbe, withReadiness } from '../services/readiness.js';
import { supervise, type ReadyProcess } from './supervised-process.js';

export type ProgramOptions = {
  /** For messages: `ingress`, `processor`. */
  readonly name: string;
  /** The compiled script. */
  readonly script: string;
  /** For node, before the script. */
  readonly nodeArguments?: readonly string[];
  /** Its whole environment. */
  readonly env: Env;
  readonly logFile: string;
  /** Answers 200 once the program is ready. */
  readonly readyUrl: string;
  /** How long it may drain after SIGTERM. Default: 30 s. */
  readonly graceMs?: number;
};

/** Starts a program of ours with the Node that runs this process; returns at once. It cannot outlive this process. */
export function startProgram(options: ProgramOptions): ReadyProcess {
  const program = supervise({
    name: options.name,
    command: [process.execPath, ...(options.nodeArguments ?? []), options.script],
    env: options.env,
    logFile: options.logFile,
    graceMs: options.graceMs ?? 30_000,
  });
  return withReadiness(program, httpProbe(options.readyUrl), 60_000);
}
