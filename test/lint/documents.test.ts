import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../dev/local-stack/folders.js';

const FOLDERS = ['schemas', 'infra', 'ingress', 'processor', 'dev', 'lab', 'soak', 'bench', 'test'];

const paths = FOLDERS.flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).map((path) => `/${folder}/${path}`),
);

/** Source files and folders that a document names in backticks: `task/stream-task.ts`, `soak/oracle/`. */
function namedPaths(document: string): string[] {
  const text = readFileSync(join(projectRoot, document), 'utf8');
  return [...text.matchAll(/`([\w./-]+(?:\.ts|\.mjs|\.java|\/))`/g)].map(([, path = '']) => path.replace(/\/$/, ''));
}

test.each(['README.md', 'docs/architecture.md', 'docs/performance.md', 'docs/capacity.md'])(
  '%s names only source files and folders that exist',
  (document) => {
    const generated = ['dist', 'bench/results', 'docs/performance'];
    const missing = namedPaths(document).filter(
      (path) =>
        !generated.includes(path) && !FOLDERS.includes(path) && !paths.some((each) => each.endsWith(`/${path}`)),
    );
    expect(missing).toEqual([]);
  },
);
