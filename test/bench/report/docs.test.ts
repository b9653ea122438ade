import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PARTS } from '../../../bench/plan.js';
import { replaceRegion } from '../../../bench/report/marked-region.js';
import { projectRoot } from '../../../dev/local-stack/folders.js';

const documentNamed = (name: string): string => readFileSync(join(projectRoot, 'docs', name), 'utf8');

test.each(Object.keys(PARTS))('docs/performance.md has a region for `npm run bench -- %s`', (part) => {
  expect(() => replaceRegion(documentNamed('performance.md'), part, '')).not.toThrow();
});

test('docs/capacity.md has a region for its table', () => {
  expect(() => replaceRegion(documentNamed('capacity.md'), 'capacity', '')).not.toThrow();
});
