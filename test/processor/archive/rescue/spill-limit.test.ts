import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spillLimit } from '../../../../processor/archive/rescue/spill-limit.js';
import { tempDir } from '../../../support/temp-dir.js';

it('is the setting while the disk has enough space', async () => {
  const root = tempDir();
  const options = { spillRoot: root, spoolRoot: root, maxBytes: 1_000, spoolMaxBytes: 0 };
  expect(await spillLimit(options, { spill: 500, spool: 0 })).toBe(1_000);
});

it('leaves the space to the spool that the spool may still need on the same disk', async () => {
  const root = tempDir();
  const { blocks, bsize } = statfsSync(root);
  const diskBytes = blocks * bsize;
  const options = { spillRoot: root, spoolRoot: root, maxBytes: 1_000, spoolMaxBytes: diskBytes };
  expect(await spillLimit(options, { spill: 500, spool: 0 })).toBeLessThan(500);
  expect(await spillLimit(options, { spill: 500, spool: diskBytes })).toBe(1_000);
});

it('reports a folder that does not exist', async () => {
  const root = tempDir();
  const options = { spillRoot: join(root, 'missing'), spoolRoot: root, maxBytes: 1_000, spoolMaxBytes: 0 };
  await expect(spillLimit(options, { spill: 0, spool: 0 })).rejects.toThrow('ENOENT');
});
