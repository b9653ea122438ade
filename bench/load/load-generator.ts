import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import type { LoadOptions, LoadResult } from './generate-load.js';

export type MeasuredLoad = LoadResult & {
  /** CPU of the load generator itself. */
  readonly cpuMs: number;
};

/**
 * A load generator in a process of its own, so that its CPU is not counted as the server's. It keeps running between loads, so that its
 * code is compiled after the first one, and exits with this process.
 */
export class LoadGenerator {
  private readonly child: ChildProcess = fork(join(projectRoot, 'dist', 'bench', 'load', 'main.js'));

  /** Runs one load; do not overlap calls. @throws Error when the process has exited. */
  async run(options: LoadOptions): Promise<MeasuredLoad> {
    const settled = new AbortController();
    const { signal } = settled;
    try {
      const ended = once(this.child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the load generator exited with code ${String(code)}`);
      });
      const answered = once(this.child, 'message', { signal });
      this.child.send(options);
      const [result] = (await Promise.race([answered, ended])) as [MeasuredLoad];
      return result;
    } finally {
      settled.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
