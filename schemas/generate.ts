import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { generate } from './generator.js';

const schemasDir = resolve('schemas');
const out = join(schemasDir, 'generated');
await mkdir(out, { recursive: true });
for (const [file, text] of await generate(schemasDir)) {
  await writeFile(join(out, file), text);
  process.stdout.write(`schemas/generated/${file}\n`);
}
