import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import type { LoadOptions, LoadResult } from './generate-load.js';

/** `cpuMs`: what the load itself took. */
export type MeasuredLoad = LoadResult & { readonly cpuMs: number };

/**
 * A load generator in a process of its own, so that its CPU is not counted as that of what it loads. It stays between loads, so its code is
 * compiled but for the first, and ends with this process.
 */
export class LoadGenerator {
  private readonly child: ChildProcess = fork(join(projectRoot, 'dist', 'bench', 'load', 'main.js'));

  /** One at a time. @throws Error when the process has ended. */
  async run(options: LoadOptions): Promise<MeasuredLoad> {
    const over = new AbortController();
    const { signal } = over;
    try {
      const ended = once(this.child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the load generator ended with ${String(code)}`);
      });
      const answered = once(this.child, 'message', { signal });
      this.child.send(options);
      const [result] = (await Promise.race([answered, ended])) as [MeasuredLoad];
      return result;
    } finally {
      over.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
