// Which Node runs this project, and where another one is cached. Plain JavaScript, for any Node: it runs before anything is
// installed. `infra/program/supported-node.ts` holds the same rules for the compiled programs.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/** Supported lines of Node: major version, and the smallest minor version of each. */
export const MIN_MINOR = { 22: 22, 24: 6, 26: 0 };
/** Oldest Node that can fetch another one: what the npm of today runs on. */
export const MIN_HOST_NODE = [20, 19];
/** uWebSockets.js for Node 24 and 26 needs this glibc; its build for Node 22 runs with 2.27. */
const MIN_GLIBC_MINOR_AFTER_22 = 38;
/** The Node to fetch where this one is not supported. */
export const FETCHED_VERSION = readFileSync(join(projectRoot, '.node-version'), 'utf8').trim();

/** @param glibc version of glibc, `2.36`; undefined where the C library is another one. */
export function isSupportedNode(version, glibc) {
  const [major, minor] = version.split('.');
  if (!(major in MIN_MINOR) || Number(minor) < MIN_MINOR[major]) return false;
  return major === '22' || glibc === undefined || Number(glibc.split('.')[1]) >= MIN_GLIBC_MINOR_AFTER_22;
}

export function isOlder(version, [minMajor, minMinor]) {
  const [major, minor] = version.split('.').map(Number);
  return major < minMajor || (major === minMajor && minor < minMinor);
}

export function glibcVersion() {
  return process.report.getReport().header.glibcVersionRuntime;
}

/** Cache of all clones of this user: `STACK_CACHE_DIR`, otherwise below `~/.cache`. */
export function cacheDir(env) {
  return resolve(
    env.STACK_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pathors-session-stream'),
  );
}

/** Folder of the fetched Node, for this platform. */
export function fetchedNodeDir(env) {
  return join(cacheDir(env), `node-${FETCHED_VERSION}-${process.platform}-${process.arch}`);
}

/** The command that runs npm with `node`. The npm that started us comes first: another one may be on PATH. */
export function npmCommand(node, env) {
  return env.npm_execpath?.endsWith('.js') ? [node, env.npm_execpath] : ['npm'];
}
