import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { fetchedNode, isSupportedNode } from '../../../infra/program/supported-node.js';
import { tempDir } from '../../support/temp-dir.js';

const runtime = (await import(`${projectRoot}/dev/runtime.mjs`)) as {
  isSupportedNode: typeof isSupportedNode;
  fetchedNodeDir: (env: Record<string, string>) => string;
  MIN_MINOR: Record<string, number>;
};

describe('which Node is supported', () => {
  test.each([
    ['20.20.2', '2.36', false],
    ['22.21.9', '2.36', false],
    ['22.22.0', '2.28', true],
    ['23.11.0', '2.41', false],
    ['24.5.0', '2.41', false],
    ['24.6.0', '2.37', false],
    ['24.6.0', '2.38', true],
    ['26.0.0', undefined, true],
    ['28.0.0', '2.41', false],
  ])('Node %s with glibc %s: %s', (version, glibc, expected) => {
    expect(isSupportedNode(version, glibc)).toBe(expected);
    expect(runtime.isSupportedNode(version, glibc)).toBe(expected);
  });

  test('package.json says the same, and the fetched Node is looked for where it is put', () => {
    const { engines } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const ranges = Object.entries(runtime.MIN_MINOR).map(([major, minor]) => `^${major}.${minor}.0`);
    expect(engines.node).toBe(ranges.join(' || '));
    const env = { STACK_CACHE_DIR: '/cache' };
    expect(fetchedNode(env)).toBe(join(runtime.fetchedNodeDir(env), 'bin', 'node'));
  });
});

/** A program of this project on a Node that claims to be an old one; this Node stands for the fetched one. */
function startOnOldNode(program: string): { parent: ChildProcess; lines: AsyncIterator<string> } {
  const dir = tempDir();
  const script = join(dir, 'main.mjs');
  const cache = join(dir, 'cache');
  const node = fetchedNode({ STACK_CACHE_DIR: cache });
  mkdirSync(dirname(node), { recursive: true });
  symlinkSync(process.execPath, node);
  const oldNode = `if (!process.env.SESSION_STREAM_FORWARDED_NODE)
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.0' } });`;
  writeFileSync(join(dir, 'old-node.mjs'), oldNode);
  writeFileSync(join(dir, 'program.mjs'), program);
  writeFileSync(
    script,
    `import '${join(projectRoot, 'infra', 'program', 'supported-node.ts')}'; await import('./program.mjs');`,
  );
  const parent = spawn(process.execPath, ['--import', join(dir, 'old-node.mjs'), script, 'an argument'], {
    env: { ...process.env, STACK_CACHE_DIR: cache, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  return { parent, lines: createInterface({ input: parent.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]() };
}

async function nextLine(lines: AsyncIterator<string>): Promise<string | undefined> {
  const line = await lines.next();
  return line.done ? undefined : line.value;
}

const STAYS = `setInterval(() => {}, 1_000); console.log(process.pid, process.ppid, process.argv[2], 'ready');`;

describe('a program on an unsupported Node', () => {
  test('runs with the fetched one: arguments and exit code are the same', async () => {
    const { parent, lines } = startOnOldNode(`${STAYS} process.exit(7);`);
    expect(await nextLine(lines)).toMatch(new RegExp(`^\\d+ ${parent.pid ?? '?'} an argument ready$`));
    expect(await once(parent, 'exit')).toEqual([7, null]);
  });

  test('ends by itself once nothing is left to do', async () => {
    const { parent } = startOnOldNode('');
    expect(await once(parent, 'exit')).toEqual([0, null]);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)('receives %s', async (signal) => {
    const { parent, lines } = startOnOldNode(`process.on('${signal}', () => process.exit(3)); ${STAYS}`);
    await nextLine(lines);
    parent.kill(signal);
    expect(await once(parent, 'exit')).toEqual([3, null]);
  });

  test('that dies of a signal takes its parent with it, by the same signal', async () => {
    const { parent, lines } = startOnOldNode(STAYS);
    process.kill(Number((await nextLine(lines))?.split(' ')[0]), 'SIGKILL');
    expect(await once(parent, 'exit')).toEqual([null, 'SIGKILL']);
  });

  test('dies with its parent', async () => {
    const { parent, lines } = startOnOldNode(STAYS);
    await nextLine(lines);
    parent.kill('SIGKILL');
    // The program holds the other end of the pipe.
    expect(await nextLine(lines)).toBeUndefined();
  });
});
