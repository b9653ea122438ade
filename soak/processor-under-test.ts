import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../dev/local-stack/folders.js';
import { PROCESSOR_NODE_ARGUMENTS } from '../dev/local-stack/process/node-arguments.js';
import { startProgram } from '../dev/local-stack/process/program.js';
import type { ReadyProcess } from '../dev/local-stack/process/supervised-process.js';
import type { Env } from '../infra/settings/read-settings.js';

/** Delay before a processor that exited by itself is restarted, as a supervisor would do. */
const RESTART_DELAY_MS = 1_000;

export type ProcessorOptions = {
  readonly port: number;
  /** `PROCESSOR_ROLES`. */
  readonly roles: string;
  readonly env: Env;
  readonly logFile: string;
  /** Compiled main file. Default: the one of this build. */
  readonly script?: string | undefined;
};

/** A built processor in its own process, which ends with this process at the latest. */
export class ProcessorUnderTest {
  isRunning = false;
  isPaused = false;
  /** Number of times that it exited by itself. */
  exits = 0;
  private program: ReadyProcess | undefined;

  constructor(private readonly options: ProcessorOptions) {}

  get port(): number {
    return this.options.port;
  }

  start(): void {
    this.isRunning = true;
    const { port, roles, env, logFile, script = join(projectRoot, 'dist', 'processor', 'main.js') } = this.options;
    const program = startProgram({
      name: `processor ${port}`,
      script,
      nodeArguments: PROCESSOR_NODE_ARGUMENTS,
      env: { ...env, PROCESSOR_ROLES: roles, PROCESSOR_HOST: '127.0.0.1', PROCESSOR_PORT: String(port) },
      logFile,
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
    this.program = program;
    void program.exited.then(async () => {
      if (!this.isWanted(program)) return;
      this.exits += 1;
      await delay(RESTART_DELAY_MS);
      if (this.isWanted(program)) this.start();
    });
  }

  /** Resolves once it reports that it is ready. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.program?.waitReady({ signal, deadlineMs: 120_000 });
  }

  /** Sends SIGKILL. Resolves when the process has ended. */
  async kill(): Promise<void> {
    this.isRunning = false;
    await this.program?.kill();
  }

  /** Sends SIGTERM. Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.isRunning = false;
    await this.resume();
    await this.program?.stop();
  }

  async pause(): Promise<void> {
    this.isPaused = true;
    process.kill((await this.program?.pid) ?? 0, 'SIGSTOP');
  }

  async resume(): Promise<void> {
    if (!this.isPaused) return;
    this.isPaused = false;
    process.kill((await this.program?.pid) ?? 0, 'SIGCONT');
  }

  private isWanted(program: ReadyProcess): boolean {
    return this.isRunning && this.program === program;
  }
}
