import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireTools } from '../../../../dev/local-stack/services/toolchain.js';
import { tempDir } from '../../../support/temp-dir.js';

/** A folder to stand for PATH, with a program in it that prints `says`. */
function pathWith(program: string, says: string): string {
  const dir = tempDir();
  writeFileSync(join(dir, program), `#!/bin/sh\necho '${says}' >&2\n`);
  chmodSync(join(dir, program), 0o755);
  return dir;
}

test('all that is missing is said in one line, with where to get it', async () => {
  const error = await requireTools(['java', 'mvn', 'go'], { PATH: tempDir() }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'StackError' });
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  for (const part of ['Java 17', 'openjdk-17', 'Maven', 'apt install maven', 'Go 1.21', 'go.dev/dl', 'Docker']) {
    expect(message).toContain(part);
  }
});

test('nothing needed, nothing missing', async () => {
  await expect(requireTools([], { PATH: '' })).resolves.toBeUndefined();
});

test('a Java that is too old is told from one that is not there', async () => {
  const PATH = pathWith('java', 'openjdk version "11.0.22" 2024-01-16');
  await expect(requireTools(['java'], { PATH })).rejects.toThrow('Java 17 or later');
  await expect(requireTools(['java'], { PATH })).rejects.toThrow('of version 11');
});

test('JAVA_HOME wins over PATH', async () => {
  const PATH = pathWith('java', 'openjdk version "21.0.1" 2023-10-17');
  await expect(requireTools(['java'], { PATH })).resolves.toBeUndefined();
  await expect(requireTools(['java'], { PATH, JAVA_HOME: tempDir() })).rejects.toThrow('Java 17 or later');
});
