// The way from a fresh clone to a running command: dependencies, build, then the command. Node's own modules only, as
// nothing else is installed yet.      usage: sh dev/run.sh <command> [argument]...
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { locked } from './clone-lock.mjs';
import { glibcVersion, isSupportedNode, npmCommand, projectRoot } from './runtime.mjs';
import { exitOnStepError, runStep, say, StepError } from './step.mjs';

const at = (...names) => join(projectRoot, ...names);
const PROGRAMS = {
  start: 'dev/local-stack/start.js',
  stack: 'dev/local-stack/stack.js',
  demo: 'dev/demo/main.js',
  bench: 'bench/main.js',
  soak: 'soak/main.js',
};
/** Commands that run the sources as they are. */
const NEED_NO_BUILD = ['lint'];
const COMMANDS = [...Object.keys(PROGRAMS), 'test', 'build', 'generate', 'lint', 'check'];
const VITEST = 'node_modules/vitest/vitest.mjs';
const TSC = 'node_modules/typescript/bin/tsc';
const LINTERS = [
  ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
  ['node_modules/eslint/bin/eslint.js', '.'],
  [TSC, '-p', 'test/tsconfig.json'],
];

await exitOnStepError(() => main(process.argv[2], process.argv.slice(3)));

async function main(command, args) {
  if (!COMMANDS.includes(command)) throw new StepError(`usage: sh dev/run.sh ${COMMANDS.join('|')} [argument]...`);
  if (!isSupportedNode(process.versions.node, glibcVersion())) {
    throw new StepError(`Node ${process.versions.node} cannot run this: npm run ${command} finds a Node that can`);
  }
  // Scripts of dependencies start `node` by its name.
  process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const onWait = (holder) => say(`waiting for process ${holder}, which installs or builds in this clone`);
  await locked(at('.stack/bootstrap.lock'), onWait, async () => {
    await install();
    if (command === 'generate') await generate(args);
    if (!NEED_NO_BUILD.includes(command)) await build();
    if (command === 'start') await claimPrograms();
  });
  if (command === 'lint' || command === 'check') lint();
  if (command === 'check') await become(at(VITEST), ['run', '--project', 'unit', ...args]);
  if (command === 'test') await become(at(VITEST), ['run', ...args]);
  if (command in PROGRAMS) await become(at('dist', PROGRAMS[command]), args);
}

/** A demo that waits for this installation is to wait for this system too, instead of starting one of its own. */
async function claimPrograms() {
  const [{ claimPrograms: claim }, { stackDir }] = await Promise.all([
    import(pathToFileURL(at('dist/dev/local-stack/lock/programs-lock.js')).href),
    import(pathToFileURL(at('dist/dev/local-stack/folders.js')).href),
  ]);
  claim(stackDir(process.env));
}

/** Runs a script in this process: one process fewer between the terminal's signals and the program. */
async function become(script, args) {
  process.argv.splice(1, process.argv.length, script, ...args);
  await import(pathToFileURL(script).href);
}

/**
 * `npm ci`, unless what is installed matches the lockfile and this Node: some packages differ by Node's ABI.
 * npm may remember the versions of a package from before the one in the lockfile was published: the second try asks again.
 */
async function install() {
  const stampFile = at('node_modules/.installed-for');
  const stamp = [process.versions.modules, process.platform, process.arch].join(' ');
  if (read(stampFile) === stamp && isInstalled()) return;
  const npmCi = [...npmCommand(process.execPath, process.env), 'ci', '--no-audit', '--no-fund', '--loglevel=error'];
  await runStep('installing dependencies', npmCi).catch(async (error) => {
    if (!/ETARGET/.test(error.message)) throw error;
    await runStep('installing dependencies', [...npmCi, '--prefer-online']);
  });
  writeFileSync(stampFile, stamp);
}

/** npm notes what it has installed in a lockfile of its own. Optional packages for other machines are absent there. */
function isInstalled() {
  const installed = JSON.parse(read(at('node_modules/.package-lock.json')) ?? '{}').packages ?? {};
  const { '': _project, ...wanted } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const isPresent = ([path, { version, optional }]) =>
    installed[path] ? installed[path].version === version : optional;
  return Object.keys(installed).every((path) => path in wanted) && Object.entries(wanted).every(isPresent);
}

/** Compiles when a source has changed since the last build. A build that fails leaves no stamp and is tried again. */
async function build() {
  mkdirSync(at('dist'), { recursive: true });
  // For programs that are started by an unsupported Node.
  writeFileSync(at('dist/.node'), process.execPath);
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
  await runStep('compiling', [process.execPath, at(TSC), '-p', at('tsconfig.json')]);
  writeFileSync(stampFile, stamp);
}

/** The sources may not fit the types about to be generated: tsc then exits with 1 or 2, but emits JavaScript all the same. */
async function generate(args) {
  await runStep('compiling', [process.execPath, at(TSC), '-p', at('tsconfig.json')], [0, 1, 2]);
  await runStep('generating types', [process.execPath, at('dist/schemas/generate.js'), ...args]);
}

/** Exits with the code of the first linter that complains. */
function lint() {
  for (const [script, ...args] of LINTERS) {
    const { status } = spawnSync(process.execPath, [at(script), ...args], { cwd: projectRoot, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
}

function sourcesBelow(folder) {
  const entries = existsSync(at(folder)) ? readdirSync(at(folder), { recursive: true }) : [];
  return entries.filter((name) => /\.(ts|json)$/.test(name)).map((name) => at(folder, name));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
