// The way from a fresh clone to a running command: dependencies, build, then the command. Node's own modules only, as
// nothing else is installed yet.      usage: node dev/bootstrap.mjs <command> [argument]...
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { locked } from './clone-lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...names) => join(root, ...names);
const say = (line) => process.stderr.write(`${line}\n`);
const OLDEST_NODE = [20, 19];
const PROGRAMS = {
  start: 'dev/local-stack/start.js',
  stack: 'dev/local-stack/stack.js',
  demo: 'dev/demo/main.js',
  bench: 'bench/main.js',
  soak: 'soak/main.js',
};
const COMMANDS = [...Object.keys(PROGRAMS), 'test', 'build', 'generate'];

/** What went wrong, in words for the user. */
class Failed extends Error {}

try {
  await main(process.argv[2], process.argv.slice(3));
} catch (error) {
  if (!(error instanceof Failed)) throw error;
  say(`error: ${error.message}`);
  process.exit(1);
}

async function main(command, args) {
  if (!COMMANDS.includes(command))
    throw new Failed(`usage: node dev/bootstrap.mjs ${COMMANDS.join('|')} [argument]...`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Failed(
      `Node ${OLDEST_NODE.join('.')} or later is needed, this is ${process.versions.node}: see nodejs.org`,
    );
  }
  const onWait = (holder) => say(`waiting for process ${holder}, which installs or builds in this clone`);
  await locked(at('.stack/bootstrap.lock'), onWait, async () => {
    await install();
    if (command === 'generate') await generate(args);
    await build();
  });
  if (command in PROGRAMS) await become(at('dist', PROGRAMS[command]), args);
  if (command === 'test') await become(at('node_modules/vitest/vitest.mjs'), ['run', ...args]);
}

/** Runs a script in this process: one process less between the terminal's signals and the program. */
async function become(script, args) {
  process.argv.splice(1, process.argv.length, script, ...args);
  await import(pathToFileURL(script).href);
}

/** `npm ci` when what is installed is not what the lockfile says, or is for another Node: some packages are per ABI. */
async function install() {
  const stampFile = at('node_modules/.installed-for');
  const stamp = [process.versions.modules, process.platform, process.arch].join(' ');
  if (read(stampFile) === stamp && isInstalled()) return;
  // The npm that started us belongs to this Node; another one on PATH may not.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  await run('installing dependencies', npm[0], [...npm.slice(1), 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stampFile, stamp);
}

/** npm notes what it has installed in a lockfile of its own; optional packages for other machines are absent there. */
function isInstalled() {
  const installed = JSON.parse(read(at('node_modules/.package-lock.json')) ?? '{}').packages ?? {};
  const { '': _project, ...wanted } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const isThere = ([path, { version, optional }]) => (installed[path] ? installed[path].version === version : optional);
  return Object.keys(installed).every((path) => path in wanted) && Object.entries(wanted).every(isThere);
}

/** Compiles when a source has changed since the last build. A build that fails leaves no stamp and is tried again. */
async function build() {
  const stampFile = at('dist/.built-from');
  const folders = JSON.parse(readFileSync(at('tsconfig.json'), 'utf8')).include;
  const hash = createHash('sha256');
  for (const file of [at('tsconfig.json'), at('package-lock.json'), ...folders.flatMap(sourcesBelow)]) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  const stamp = hash.digest('hex');
  if (read(stampFile) === stamp) return;
  rmSync(stampFile, { force: true });
  await run('compiling', process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.json')]);
  writeFileSync(stampFile, stamp);
}

/** The sources may not fit the types that are about to be generated: tsc then says so with 1 or 2, and compiles all the same. */
async function generate(args) {
  await run(
    'compiling',
    process.execPath,
    [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.json')],
    [0, 1, 2],
  );
  await run('generating types', process.execPath, [at('dist/schemas/generate.js'), ...args]);
}

function sourcesBelow(folder) {
  const entries = existsSync(at(folder)) ? readdirSync(at(folder), { recursive: true }) : [];
  return entries.filter((name) => /\.(ts|json)$/.test(name)).map((name) => at(folder, name));
}

/** Runs a step; says so once it takes over two seconds, and shows what it printed if it fails. */
async function run(doing, command, args, goodCodes = [0]) {
  const started = Date.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const tell = () => say(`${doing} … ${Math.round((Date.now() - started) / 1000)} s`);
  const timers = [setTimeout(tell, 2_000), setInterval(tell, 5_000)];
  const passOn = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
  const code = await new Promise((settle) => {
    child.once('error', (error) => settle(error.message));
    child.once('close', (exitCode, signal) => settle(exitCode ?? signal));
  });
  timers.forEach(clearTimeout);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, passOn);
  if (goodCodes.includes(code)) return;
  throw new Failed(`${doing} failed (${code})\n${output.trimEnd()}`);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
