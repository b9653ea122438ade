import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { startProgram } from '../../dev/local-stack/process/program.js';
import { scrape } from '../../lab/scrape.js';

const POLL_MS = 100;

/** The built ingress in a separate process, restarted with the same settings and spool. Ends with this process at the latest. */
export class IngressUnderTest {
  private program: ReturnType<typeof startProgram> | undefined;

  constructor(
    private readonly port: number,
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly logFile: string,
    private readonly signal: AbortSignal,
  ) {}

  async start(): Promise<void> {
    this.program = startProgram({
      name: 'ingress',
      script: join(projectRoot, 'dist', 'ingress', 'main.js'),
      env: this.env,
      logFile: this.logFile,
      readyUrl: `http://127.0.0.1:${this.port}/readyz`,
    });
    await this.program.waitReady({ signal: this.signal });
  }

  /** Sends SIGKILL and resolves when the process has exited. */
  async kill(): Promise<void> {
    await this.program?.kill();
  }

  async stop(): Promise<void> {
    await this.program?.stop();
  }

  /**
   * Waits until the spool is filled or empty. Returns the time that it took, in ms.
   * @throws Error after `timeoutMs`.
   */
  async untilSpool(wanted: 'filled' | 'empty', timeoutMs: number): Promise<number> {
    const start = performance.now();
    for (;;) {
      const bytes = await scrape(this.port, 'ingress_spool_bytes');
      const ms = performance.now() - start;
      if (wanted === 'empty' ? bytes === 0 : bytes !== undefined && bytes > 0) return ms;
      if (ms > timeoutMs) {
        throw new Error(`the spool is not ${wanted} after ${timeoutMs / 1000} s: ${bytes ?? 'unknown'} bytes`);
      }
      await delay(POLL_MS, undefined, { signal: this.signal });
    }
  }
}
