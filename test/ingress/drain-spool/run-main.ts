import { spawn } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import { onTestFinished } from 'vitest';

export type Run = {
  readonly kill: () => void;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves once it has printed this. */
  readonly printed: (text: string) => Promise<void>;
  /** Resolves when the process has ended: exit code (null after a signal) and everything that it printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
};

/** Runs the built ingress with arguments. It ends with the test at the latest. */
export function runMain(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const child = spawn(process.execPath, [resolvePath('dist/ingress/main.js'), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  onTestFinished(kill);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const printed = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (stdout.includes(text)) resolve();
      };
      child.stdout.on('data', check);
      check();
    });
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  return {
    kill,
    signal,
    printed,
    ended: new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr }))),
  };
}
