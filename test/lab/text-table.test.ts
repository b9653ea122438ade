import { expect, test } from 'vitest';
import { textTable } from '../../lab/text-table.js';

test('the first column is aligned to the left and the others to the right', () => {
  expect(
    textTable([
      ['', 'events/s'],
      ['ours', '5'],
      ['a peer', '12'],
    ]),
  ).toBe('        events/s\nours           5\na peer        12\n');
});
