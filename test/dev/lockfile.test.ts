import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../dev/local-stack/folders.js';

// Plain JavaScript without types, as it runs before anything is installed.
const { complete } = (await import(`${projectRoot}/dev/complete-lockfile.mjs`)) as {
  complete: (lockfile: unknown) => string[];
};

test('package-lock.json contains the optional packages of every platform, as `npm ci` requires', () => {
  const lockfile: unknown = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8'));
  expect(complete(lockfile), 'run: node dev/complete-lockfile.mjs').toEqual([]);
});

test('missing packages are added with their platform, without changing others', () => {
  const native = (version: string) => ({
    version,
    dev: true,
    optionalDependencies: { '@n/linux-x64-gnu': version, '@n/darwin-arm64': version, 'not-a-platform': version },
  });
  const packages = {
    '': { optionalDependencies: { 'of-the-project': '1.0.0' } },
    'node_modules/@n/linux-x64-gnu': { version: '1.0.0' },
    'node_modules/a': native('1.0.0'),
    'node_modules/b': native('2.0.0'),
  };
  const lockfile = { packages };
  expect(complete(lockfile)).toEqual([
    'node_modules/@n/darwin-arm64',
    'node_modules/b/node_modules/@n/linux-x64-gnu',
    'node_modules/b/node_modules/@n/darwin-arm64',
  ]);
  expect(lockfile.packages).toMatchObject({
    'node_modules/@n/darwin-arm64': { version: '1.0.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] },
    'node_modules/b/node_modules/@n/linux-x64-gnu': { version: '2.0.0', os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  });
  expect(complete(lockfile)).toEqual([]);
});
