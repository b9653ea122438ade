import { expect, test } from 'vitest';
import { parseTicks } from '../../lab/machine-load.js';

test('waiting for a disk does not count as busy, and single cores are not counted twice', () => {
  const stat = 'cpu  10 1 5 80 4 2 3 6 0 0\ncpu0 10 1 5 80 4 2 3 6 0 0\nintr 12\n';
  expect(parseTicks(stat)).toEqual({ busy: 27, all: 111 });
});
