import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireTools } from '../../../../dev/local-stack/services/toolchain.js';
import { tempDir } from '../../../support/temp-dir.js';

/** A folder for PATH that contains a program which prints `output`. */
function pathWith(program: string, output: string): string {
  const dir = tempDir();
  writeFileSync(join(dir, program), `#!/bin/sh\necho '${output}' >&2\n`);
  chmodSync(join(dir, program), 0o755);
  return dir;
}

test('all missing tools are named in one line, with their sources', async () => {
  const error = await requireTools(['java', 'mvn', 'go'], { PATH: tempDir() }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'StackError' });
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  for (const part of ['Java 17', 'openjdk-17', 'Maven', 'apt install maven', 'Go 1.21', 'go.dev/dl', 'Docker']) {
    expect(message).toContain(part);
  }
});

test('accepts an empty list', async () => {
  await expect(requireTools([], { PATH: '' })).resolves.toBeUndefined();
});

test('distinguishes an old Java from a missing one', async () => {
  const PATH = pathWith('java', 'openjdk version "11.0.22" 2024-01-16');
  await expect(requireTools(['java'], { PATH })).rejects.toThrow('Java 17 or later');
  await expect(requireTools(['java'], { PATH })).rejects.toThrow('but java has version 11');
});

test('JAVA_HOME overrides PATH', async () => {
  const PATH = pathWith('java', 'openjdk version "21.0.1" 2023-10-17');
  await expect(requireTools(['java'], { PATH })).resolves.toBeUndefined();
  await expect(requireTools(['java'], { PATH, JAVA_HOME: tempDir() })).rejects.toThrow('Java 17 or later');
});
