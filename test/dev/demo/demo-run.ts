import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import type { System } from '../../../dev/local-stack/system.js';

/** `npm run demo` on a running system, in a process of its own. */
export class DemoRun {
  output = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;
  private onOutput: () => void = () => undefined;

  constructor(system: System, env: Readonly<Record<string, string | undefined>>) {
    this.child = spawn(process.execPath, [join(projectRoot, 'dist', 'dev', 'demo', 'main.js')], {
      env: {
        ...process.env,
        ...env,
        ...system.endpoints,
        INGRESS_URL: system.ingressUrl,
        INGRESS_TOKENS: system.auth?.token ?? '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        this.onOutput();
      });
    }
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Resolves once the output matches. Rejects when the demo ends without that. */
  async until(pattern: RegExp): Promise<void> {
    const matched = new Promise<void>((resolve) => {
      this.onOutput = () => {
        if (pattern.test(this.output)) resolve();
      };
      this.onOutput();
    });
    const ended = this.exited.then(() => {
      if (!pattern.test(this.output)) throw new Error(`the demo ended without ${pattern}:\n${this.output}`);
    });
    await Promise.race([matched, ended]);
  }

  async exitCode(): Promise<number | null> {
    return this.exited;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
