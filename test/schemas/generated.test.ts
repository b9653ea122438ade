import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { generate } from '../../schemas/generator.js';

it('the generated files are up to date; otherwise run npm run generate', async () => {
  const files = await generate(resolve('schemas'));
  expect(files.size).toBe(2);
  for (const [file, text] of files) {
    expect(await readFile(resolve('schemas/generated', file), 'utf8')).toBe(text);
  }
});
