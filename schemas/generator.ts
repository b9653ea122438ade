import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from 'json-schema-to-typescript';
import { bundle, type JsonSchema } from './bundle.js';

const BANNER = '// Generated from schemas/*.schema.json by `npm run generate`. Do not edit.';

/** Roots that get types: everything else is reached from them. */
const TYPED_ROOTS = ['session-event', 'session-complete', 'session-incomplete'];

/** What `npm run generate` writes, by file name under `schemas/generated/`. Deterministic, so that a test can find stale files. */
export async function generate(schemasDir: string): Promise<ReadonlyMap<string, string>> {
  const files = await readSchemas(schemasDir);
  const names = [...files.keys()].sort();
  const bundled = names.map((name) => `  '${name}': ${JSON.stringify(bundle(name, files))},`);
  return new Map([
    ['types.ts', await generateTypes(files)],
    ['schemas.ts', [BANNER, '', 'export const schemas = {', ...bundled, '} as const;', ''].join('\n')],
  ]);
}

async function readSchemas(dir: string): Promise<Map<string, JsonSchema>> {
  const files = new Map<string, JsonSchema>();
  for (const file of (await readdir(dir)).sort()) {
    if (!file.endsWith('.schema.json')) continue;
    files.set(file.slice(0, -'.schema.json'.length), JSON.parse(await readFile(join(dir, file), 'utf8')) as JsonSchema);
  }
  return files;
}

/** One document with every root in it, so that shared parts get one name and are written once. */
async function generateTypes(files: ReadonlyMap<string, JsonSchema>): Promise<string> {
  const roots = new Map(files);
  roots.set('all', { anyOf: TYPED_ROOTS.map((name) => ({ $ref: `${name}.schema.json` })) });
  return compile(bundle('all', roots), 'AnyRecord', {
    bannerComment: BANNER,
    format: true,
    style: { singleQuote: true, printWidth: 120 },
    unknownAny: true,
  });
}
