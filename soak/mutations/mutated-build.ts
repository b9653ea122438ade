import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../../dev/local-stack/folders.js';
import type { Mutation } from './mutation.js';
import { plant } from './plant.js';

const RELATIVE_IMPORT = /(?:from|import)\s*\(?'(\.[^']+)\.js'/g;

/**
 * Compiles an entry file and the project files that it imports into a separate folder, with a bug planted in one of the files.
 * Returns the path of the compiled entry.
 *
 * @throws Error when the mutation does not apply, or its file is not part of the program.
 */
export function buildMutated(entry: string, into: string, mutation?: Mutation): string {
  mkdirSync(into, { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(into, 'node_modules'));
  writeFileSync(join(into, 'package.json'), '{ "type": "module" }');
  let isPlanted = mutation === undefined;
  const files = new Set([entry]);
  for (const file of files) {
    let source = sourceOf(file);
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

/** The text of a source file of this project. */
export function sourceOf(file: string): string {
  return readFileSync(join(projectRoot, file), 'utf8');
}

const transpiled = new Map<string, string>();

/** Does not check types, which a mutation may break. */
function transpile(source: string): string {
  let text = transpiled.get(source);
  if (text === undefined) {
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    text = ts.transpileModule(source, { compilerOptions }).outputText;
    transpiled.set(source, text);
  }
  return text;
}
