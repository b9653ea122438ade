import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { install, isInstalled, type Installable } from '../../../../dev/local-stack/services/cache.js';
import { tempDir } from '../../../support/temp-dir.js';

const log = () => undefined;

function part(...scripts: string[]): Installable {
  return {
    name: 'a part',
    folder: 'part-1',
    doing: 'building a part',
    commands: () => scripts.map((script) => ['sh', '-c', script] as const),
    env: (into) => ({ INTO: into }),
  };
}

test('the folder appears complete, and nothing else remains in the cache', async () => {
  const cache = tempDir();
  const wanted = part('echo a > $INTO/file', 'echo b >> file');
  expect(isInstalled(wanted, cache)).toBe(false);
  const folder = await install(wanted, { cache, log });
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('a\nb\n');
  expect(readdirSync(cache)).toEqual(['part-1']);
  expect(isInstalled(wanted, cache)).toBe(true);
});

test('one of several concurrent calls installs, and the others use its result', async () => {
  const cache = tempDir();
  const wanted = part('echo built >> ../count; sleep 0.2; touch done');
  const folders = await Promise.all([1, 2, 3].map(() => install(wanted, { cache, log })));
  expect(new Set(folders).size).toBe(1);
  expect(readFileSync(join(cache, 'count'), 'utf8')).toBe('built\n');
});

test('the remains of an interrupted installation are discarded', async () => {
  const cache = tempDir();
  mkdirSync(join(cache, 'part-1.tmp'));
  writeFileSync(join(cache, 'part-1.tmp', 'half'), '');
  const folder = await install(part('touch whole'), { cache, log });
  expect(readdirSync(folder)).toEqual(['whole']);
});

test('a failing command is an error with the end of its output, and nothing is installed', async () => {
  const cache = tempDir();
  const broken = install(part('echo no network; exit 1'), { cache, log });
  await expect(broken).rejects.toThrow(
    /could not install a part: .* failed; its log: .*part-1\.log\n {2}\| no network$/,
  );
  expect(existsSync(join(cache, 'part-1'))).toBe(false);
  await expect(install(part('true'), { cache, log })).resolves.toBe(join(cache, 'part-1'));
});

test('an abort kills the command', async () => {
  const stopping = new AbortController();
  const installing = install(part('exec sleep 600'), {
    cache: tempDir(),
    log,
    signal: stopping.signal,
  });
  stopping.abort(new Error('stopped'));
  await expect(installing).rejects.toThrow('stopped');
});
