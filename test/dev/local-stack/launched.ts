import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { isAlive } from '../../../infra/program/pid-lock.js';

/** A launcher in a process of its own, as npm starts it. */
export type Launched = {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when `text` has been written. Rejects when the launcher ends without that. */
  readonly printed: (text: string) => Promise<void>;
  /** Sends the signal and resolves with the exit code, or the signal's name. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>;
};

/** Starts `dist/dev/local-stack/<script>`. Everything that it started has ended when the test has finished. */
export function launch(script: string, env: Record<string, string>): Launched {
  const child = spawn(process.execPath, [join(projectRoot, 'dist/dev/local-stack', script)], {
    // Without the endpoints of the shared stack: the launcher is to start its own.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, JAVA_HOME: process.env.JAVA_HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [code, by] = await ended;
    return code ?? by ?? -1;
  };
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) await end('SIGTERM');
  });
  return {
    process: child,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    printed: async (text) => {
      await vi.waitUntil(() => (texts.stdout + texts.stderr).includes(text) || child.exitCode !== null, {
        timeout: 90_000,
        interval: 20,
      });
      if (!(texts.stdout + texts.stderr).includes(text)) throw new Error(`"${text}" was not printed:\n${texts.stderr}`);
    },
    end,
  };
}

/** Live processes that launchers have started in `dir`. */
export function startedProcesses(dir: string): number[] {
  return ['services', 'programs'].flatMap((whose) => {
    const lines = readOrEmpty(join(dir, `${whose}.pids`)).split('\n');
    return lines.flatMap((line) => {
      const [pid = '', start = ''] = line.split(' ');
      return isAlive(Number(pid), start) ? [Number(pid)] : [];
    });
  });
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
