import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from 'json-schema-to-typescript';
import { bundle, type JsonSchema } from './bundle.js';

const BANNER = '// Generated from schemas/*.schema.json by `npm run generate`. Do not edit.';

/** Schemas that types are generated for, including everything that they refer to. */
const TYPED_ROOTS = ['session-event', 'session-complete', 'session-incomplete'];

/** Content of the files that `npm run generate` writes, by name under `schemas/generated/`. Deterministic, so a test can detect stale files. */
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

/** Generates from one document with all roots, so that shared parts get one name and appear once. */
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
