import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { tempDir } from '../support/temp-dir.js';

const tools = (await import(`${projectRoot}/dev/tools.mjs`)) as {
  missingTools: (env: Record<string, string>, cached: readonly string[]) => string[];
};

const { FETCHED_VERSION } = (await import(`${projectRoot}/dev/runtime.mjs`)) as { FETCHED_VERSION: string };

/** A folder to stand for PATH, with these scripts in it. */
function pathWith(scripts: Readonly<Record<string, string>>): string {
  const dir = tempDir();
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(dir, name), 0o755);
  }
  return dir;
}

const java = (version: string) => `echo 'openjdk version "${version}"' >&2`;

describe('tools that the local stack needs', () => {
  test('are all named when nothing is installed', () => {
    expect(tools.missingTools({ PATH: tempDir() }, []).join()).toMatch(/Java 17.*Maven 3\.6.*Go 1\.21/);
  });

  test('are not needed with a Docker engine or with given endpoints', () => {
    expect(tools.missingTools({ PATH: pathWith({ docker: 'exit 0' }) }, [])).toEqual([]);
    expect(tools.missingTools({ PATH: tempDir(), KAFKA_BROKERS: 'kafka:9092' }, [])).toEqual([]);
  });

  test('are needed where Docker is installed but no engine answers, or native services are forced', () => {
    const docker = (code: number) => pathWith({ docker: `exit ${code}`, java: java('11.0.22') });
    expect(tools.missingTools({ PATH: docker(1) }, [])).toHaveLength(3);
    expect(tools.missingTools({ PATH: docker(0), STACK: 'native' }, [])).toHaveLength(3);
  });

  test('that only fetch or build are not needed for what is cached', () => {
    const PATH = pathWith({ java: java('21.0.1') });
    expect(tools.missingTools({ PATH }, ['kafka-4.1.0-x', 'apicurio-registry-2', 'minio-v0'])).toEqual([]);
    expect(tools.missingTools({ PATH }, ['kafka-4.1.0-x.tmp', 'minio-v0.lock'])).toHaveLength(2);
  });
});

/** `dev/preflight.mjs build` on a Node of the given version. */
async function preflight(version: string, env: Readonly<Record<string, string>>) {
  const oldNode = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'${version}'}})`;
  const child = spawn(process.execPath, ['--import', oldNode, join(projectRoot, 'dev', 'preflight.mjs'), 'build'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** An npm that makes a Node which prints its version, and counts how often it is run. */
const FAKE_NPM = `
for name; do :; done
folder="$3/node_modules/\${name%@*}/bin"
/bin/mkdir -p "$folder"
echo '#!/bin/sh' > "$folder/node"
/bin/chmod +x "$folder/node"
echo "$*" >> "$COUNT"
/bin/sleep 0.3`;

describe('the Node that runs the project', () => {
  test('is this one where it is supported', async () => {
    const { stdout, code } = await preflight('22.22.0', { PATH: pathWith({ npm: 'exit 1' }) });
    expect({ stdout, code }).toEqual({ stdout: process.execPath, code: 0 });
  });

  test('is fetched once otherwise, also by two at the same time', async () => {
    const [cache, count] = [tempDir(), join(tempDir(), 'count')];
    const env = { PATH: pathWith({ npm: FAKE_NPM }), STACK_CACHE_DIR: cache, COUNT: count };
    mkdirSync(join(cache, `node-${FETCHED_VERSION}-${process.platform}-${process.arch}.123.tmp`));
    const both = await Promise.all([preflight('20.19.0', env), preflight('20.19.0', env)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0].stdout).toBe(both[1].stdout);
    expect(both[0].stdout).toMatch(/node-22\.\d+\.\d+-\w+-\w+\/bin\/node$/);
    expect(readFileSync(count, 'utf8').trim().split('\n')).toHaveLength(1);
    // Neither a draft nor a lock is left.
    expect(readdirSync(cache)).toHaveLength(1);
    expect(both.filter(({ stderr }) => stderr.includes('cannot run this project'))).toHaveLength(1);
  });

  test('is not found: one line, and nothing half-made in the cache', async () => {
    const cache = tempDir();
    const env = { PATH: pathWith({ npm: 'echo no network; exit 1' }), STACK_CACHE_DIR: cache };
    const { code, stdout, stderr } = await preflight('20.19.0', env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`fetching Node ${FETCHED_VERSION} failed (1)\nno network`);
    expect(readdirSync(cache)).toEqual([]);
  });

  test.each([
    ['20.18.9', 'npm', 'error: Node 20.18.9 is too old: install Node 22, 24 or 26 (nodejs.org)'],
    ['20.19.0', 'yarn', 'error: npm is not on PATH: it comes with Node'],
  ])('Node %s with %s only is an error in one line', async (version, installed, message) => {
    const { code, stderr } = await preflight(version, { PATH: pathWith({ [installed]: 'exit 0' }) });
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('\n');
  });
});
