import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants, homedir } from 'node:os';
import { join, resolve } from 'node:path';

// An entry file imports this before anything else and then loads the program with `import()`. On a Node that cannot run the
// program, this module runs the same script with one that can, and never finishes loading.

/** Supported lines of Node: major version, and the smallest minor version of each. `engines` in package.json says the same. */
const MIN_MINOR: Readonly<Record<string, number>> = { 22: 22, 24: 6, 26: 0 };
/** uWebSockets.js for Node 24 and 26 needs this glibc; its build for Node 22 runs with 2.27. */
const MIN_GLIBC_MINOR_AFTER_22 = 38;
/** The Node that `dev/preflight.mjs` fetches. `.node-version` says the same. */
const FETCHED_VERSION = '22.23.3';

/** Tells a child that its parent merely forwards signals to it. */
const FORWARDED = 'SESSION_STREAM_FORWARDED_NODE';
/** SIGUSR2 makes Node write a heap snapshot or a report where its options ask for one. */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const;

/** @param glibc version of glibc, `2.36`; undefined where the C library is another one. */
export function isSupportedNode(version: string, glibc: string | undefined): boolean {
  const [major = '', minor = ''] = version.split('.');
  const minMinor = MIN_MINOR[major];
  if (minMinor === undefined || Number(minor) < minMinor) return false;
  return major === '22' || glibc === undefined || Number(glibc.split('.')[1]) >= MIN_GLIBC_MINOR_AFTER_22;
}

/** Path of the fetched Node in the cache of all clones of a user. */
export function fetchedNode(env: Readonly<Record<string, string | undefined>>): string {
  const caches = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const cache = resolve(env['STACK_CACHE_DIR'] || join(caches, 'pathors-session-stream'));
  return join(cache, `node-${FETCHED_VERSION}-${process.platform}-${process.arch}`, 'bin', 'node');
}

if (process.env[FORWARDED] !== undefined) endWithParent();
else if (!isSupportedNode(process.versions.node, glibcVersion())) await runWithSupportedNode();

/** SIGKILL of the parent must end this process as if it had been sent here. */
function endWithParent(): void {
  // The program's own children are not forwarded to.
  Reflect.deleteProperty(process.env, FORWARDED);
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  process.once('disconnect', end);
  process.channel?.unref();
  if (!process.connected) end();
}

async function runWithSupportedNode(): Promise<never> {
  const node = [buildNode(), fetchedNode(process.env)].find((path) => path !== undefined && existsSync(path));
  if (node === undefined) {
    process.stderr.write(
      `error: Node ${process.versions.node} cannot run this program on this machine: use Node ${FETCHED_VERSION}, ` +
        'or run `npm run build` once, which fetches it\n',
    );
    process.exit(1);
  }
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
    // In a process group of its own: Ctrl-C in a terminal reaches this process alone, which forwards it once.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [FORWARDED]: '1' },
  });
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`error: cannot run ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // For a signal that Node ignores by default.
    process.exit(128 + constants.signals[signal]);
  });
  return new Promise<never>(() => undefined);
}

/** The Node that compiled this file, as `dev/bootstrap.mjs` has noted it. It is found whatever HOME and the cache settings are. */
function buildNode(): string | undefined {
  try {
    return readFileSync(new URL('../../.node', import.meta.url), 'utf8');
  } catch {
    return undefined;
  }
}

function glibcVersion(): string | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}
