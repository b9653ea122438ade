import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startProgram } from '../../dev/local-stack/process/program.js';
import type { Exit } from '../../dev/local-stack/process/supervised-process.js';
import { TOKEN } from './ingress-on-memory.js';

/** The built ingress in a separate process, which ends with the test at the latest. */
export type IngressProgram = {
  readonly url: string;
  readonly port: number;
  /** Rejects with the end of the log if the process ends before it is ready. */
  readonly ready: () => Promise<void>;
  readonly pid: Promise<number>;
  readonly exited: Promise<Exit>;
  readonly signal: (signal: NodeJS.Signals) => Promise<void>;
  readonly log: () => string;
};

let logs: string | undefined;
const programs: ReturnType<typeof startProgram>[] = [];

export async function startIngressProgram(env: Readonly<Record<string, string>>): Promise<IngressProgram> {
  const port = Number(env['INGRESS_PORT'] ?? (await freePort()));
  const url = `http://127.0.0.1:${port}`;
  const dir = (logs ??= mkdtempSync(join(tmpdir(), 'ingress-test-')));
  const program = startProgram({
    name: 'ingress',
    script: resolve('dist/ingress/main.js'),
    env: {
      PATH: process.env['PATH'],
      INGRESS_HOST: '127.0.0.1',
      INGRESS_PORT: String(port),
      INGRESS_TOKENS: TOKEN,
      INGRESS_SPOOL_DIR: join(dir, `spool-${programs.length}`),
      ...env,
    },
    logFile: join(dir, `${programs.length}.log`),
    readyUrl: `${url}/readyz`,
  });
  programs.push(program);
  return {
    url,
    port,
    ready: () => program.waitReady(),
    pid: program.pid,
    exited: program.exited,
    signal: async (signal) => void process.kill(await program.pid, signal),
    log: () => program.lastLogLines(1_000).join('\n'),
  };
}

/** Stops running programs and removes the logs. */
export async function stopIngressPrograms(): Promise<void> {
  await Promise.all(programs.map((program) => program.stop()));
  if (logs !== undefined) rmSync(logs, { recursive: true, force: true });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
