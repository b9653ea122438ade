import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../../dev/local-stack/folders.js';
import type { Mutation } from './mutations.js';

const RELATIVE_IMPORT = /(?:from|import)\s*\(?'(\.[^']+)\.js'/g;

/**
 * Compiles an entry file and all that it imports of this project into a folder of its own, with a bug planted in one of the files.
 * Returns the compiled entry.
 *
 * @throws Error when what is to be replaced does not stand exactly once in the source: the mutation must be written anew.
 */
export function buildMutated(entry: string, into: string, mutation?: Mutation): string {
  mkdirSync(into, { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(into, 'node_modules'));
  writeFileSync(join(into, 'package.json'), '{ "type": "module" }');
  let isPlanted = mutation === undefined;
  const files = new Set([entry]);
  for (const file of files) {
    let source = readFileSync(join(projectRoot, file), 'utf8');
    for (const [, imported = ''] of source.matchAll(RELATIVE_IMPORT)) {
      files.add(relative(projectRoot, resolve(projectRoot, dirname(file), `${imported}.ts`)));
    }
    if (file === mutation?.file) {
      source = plant(source, mutation);
      isPlanted = true;
    }
    const target = join(into, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, transpile(source));
  }
  if (!isPlanted) throw new Error(`${entry} does not import ${mutation?.file ?? ''}`);
  return join(into, entry.replace(/\.ts$/, '.js'));
}

/** @throws Error when a `find` does not stand exactly once in the source. */
export function plant(source: string, { name, file, edits }: Mutation): string {
  return edits.reduce((text, { find, replace }) => {
    const parts = text.split(find);
    if (parts.length !== 2) throw new Error(`mutation "${name}": found ${parts.length - 1} times in ${file}: ${find}`);
    return parts.join(replace);
  }, source);
}

const transpiled = new Map<string, string>();

/** Types are not checked: a mutation may break them. */
function transpile(source: string): string {
  let text = transpiled.get(source);
  if (text === undefined) {
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    text = ts.transpileModule(source, { compilerOptions }).outputText;
    transpiled.set(source, text);
  }
  return text;
}
