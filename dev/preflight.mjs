// Checks this machine before anything is installed, and prints the path of the Node that is to run the project: this one, or one
// that it fetches into the cache through npm.      usage: node dev/preflight.mjs <command>
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { locked } from './clone-lock.mjs';
import {
  FETCHED_VERSION,
  MIN_HOST_NODE,
  cacheDir,
  fetchedNodeDir,
  glibcVersion,
  isOlder,
  isSupportedNode,
  npmCommand,
  projectRoot,
} from './runtime.mjs';
import { StepError, exitOnStepError, runStep, say } from './step.mjs';
import { isOnPath, missingTools } from './tools.mjs';

const NEED_STACK = ['start', 'stack', 'demo', 'test', 'bench', 'soak'];

// The shell that reads the path may have been stopped meanwhile.
process.stdout.on('error', () => undefined);

await exitOnStepError(async () => {
  checkHost();
  if (NEED_STACK.includes(process.argv[2])) checkTools();
  process.stdout.write(`${await supportedNode()}\n`);
});

function checkHost() {
  const { node } = process.versions;
  if (isOlder(node, MIN_HOST_NODE)) {
    throw new StepError(`Node ${node} is too old: install Node 22, 24 or 26 (nodejs.org)`);
  }
  const [npm, script] = npmCommand(process.execPath, process.env);
  if (script === undefined && !isOnPath(npm, process.env)) {
    throw new StepError('npm is not on PATH: it comes with Node from nodejs.org (Debian and Ubuntu: apt install npm)');
  }
  if (process.platform === 'linux' && glibcVersion() === undefined) {
    throw new StepError(
      'musl libc (Alpine Linux) is not supported: use a distribution with glibc 2.28 or later, or the image',
    );
  }
}

/** Only before the first installation: afterwards the stack itself reports what is missing, in more detail. */
function checkTools() {
  if (existsSync(join(projectRoot, 'node_modules/.installed-for'))) return;
  const cached = existsSync(cacheDir(process.env)) ? readdirSync(cacheDir(process.env)) : [];
  const missing = missingTools(process.env, cached);
  if (missing.length === 0) return;
  throw new StepError(
    `the local stack needs ${missing.join('; ')}. Install what is missing, or start a Docker engine and run this again`,
  );
}

async function supportedNode() {
  if (isSupportedNode(process.versions.node, glibcVersion())) return process.execPath;
  const folder = fetchedNodeDir(process.env);
  const node = join(folder, 'bin', 'node');
  if (existsSync(node)) return node;
  mkdirSync(dirname(folder), { recursive: true });
  const onWait = (holder) => say(`waiting for process ${holder}, which fetches Node ${FETCHED_VERSION}`);
  await locked(`${folder}.lock`, onWait, async () => {
    if (!existsSync(node)) await fetchNode(folder);
  });
  return node;
}

/** Node as npm packages it: one package for each platform, with nothing but files in it. The folder appears complete or not at all. */
async function fetchNode(folder) {
  // Apple's own chips came later and have another name.
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${process.platform}-${process.arch}`;
  // Nobody else has the lock, so drafts come from interrupted installations. Their npm may still run: this draft is another one.
  for (const entry of readdirSync(dirname(folder))) {
    const path = join(dirname(folder), entry);
    if (path.startsWith(`${folder}.`) && entry.endsWith('.tmp')) rmSync(path, { recursive: true, force: true });
  }
  const draft = `${folder}.${process.pid}.tmp`;
  mkdirSync(draft);
  say(`Node ${process.versions.node} cannot run this project on this machine: fetching Node ${FETCHED_VERSION}, once`);
  try {
    await runStep(`fetching Node ${FETCHED_VERSION}`, [
      ...npmCommand(process.execPath, process.env),
      'install',
      '--prefix',
      draft,
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      `${name}@${FETCHED_VERSION}`,
    ]);
    const unpacked = join(draft, 'node_modules', name);
    await runStep(`checking Node ${FETCHED_VERSION}`, [join(unpacked, 'bin', 'node'), '--version']);
    renameSync(unpacked, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
