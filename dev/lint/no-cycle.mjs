// An ESLint rule that forbids import cycles, cycles of types included. `import-x/no-cycle` ignores `import type`, but two files
// that need each other's types cannot be understood, moved or tested apart either.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** Paths of the modules that each file imports. Other files are read once: an editor sees their changes after a restart. */
const importsOf = new Map();

/** Path of the TypeScript source that a relative specifier names; undefined for a package, or where there is no such source. */
function resolve(file, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const path = join(dirname(file), specifier).replace(/\.js$/, '.ts');
  return existsSync(path) ? path : undefined;
}

function readImports(file) {
  const known = importsOf.get(file);
  if (known !== undefined) return known;
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, false);
  const paths = importedFiles.flatMap(({ fileName }) => resolve(file, fileName) ?? []);
  importsOf.set(file, paths);
  return paths;
}

/** The shortest chain of imports from `start` to `end`, both included; undefined where there is none. */
function chain(start, end) {
  const chains = [[start]];
  const seen = new Set(chains[0]);
  for (const files of chains) {
    const last = files.at(-1);
    if (last === end) return files;
    for (const next of readImports(last)) {
      if (seen.has(next)) continue;
      seen.add(next);
      chains.push([...files, next]);
    }
  }
  return undefined;
}

export default {
  meta: {
    type: 'problem',
    schema: [],
    messages: { cycle: 'Import cycle: {{files}}. Move what both sides need into a file of its own.' },
  },
  create(context) {
    const { cwd, physicalFilename: file } = context;
    const check = (node) => {
      if (node.source == null) return;
      const imported = resolve(file, node.source.value);
      const found = imported === undefined ? undefined : chain(imported, file);
      if (found === undefined) return;
      const files = [file, ...found].map((path) => relative(cwd, path)).join(' → ');
      context.report({ node, messageId: 'cycle', data: { files } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};
