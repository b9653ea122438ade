import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../soak/mutations/mutated-build.js';
import { plant } from '../../../soak/mutations/plant.js';
import { ALL_MUTATIONS } from '../../../soak/mutations/mutations.js';
import type { Edit } from '../../../soak/mutations/mutation.js';

const SOURCE = `
class Door {
  open(): void {
    const key = find(1);
    if (key) { turn(key); }
  }
  close(): void { find(2); }
}
function find(n: number): number { return n + 1; }
`;
const planted = (edit: Edit): string => plant(SOURCE, { name: 'a bug', file: 'a.ts', edits: [edit] });

describe('a bug is planted', () => {
  it('in place of a statement', () => {
    expect(planted({ in: 'Door.open', statement: 'turn(', replace: 'knock(); $&' })).toContain(
      'if (key) { knock(); turn(key); }',
    );
  });

  it('in place of a token, inside the named function only', () => {
    const text = planted({ in: 'Door.close', token: 'find', replace: 'lose' });
    expect(text).toContain('lose(2)');
    expect(text).toContain('find(1)');
  });

  it('not where its place is missing', () => {
    expect(() => planted({ in: 'Door.lock', token: 'find', replace: '' })).toThrow(
      'mutation "a bug" in a.ts, Door.lock: functions with this name: found 0, must be 1',
    );
    expect(() => planted({ in: 'Door.open', statement: 'lock(', replace: '' })).toThrow('found 0, must be 1');
  });

  it('not where its place is ambiguous', () => {
    expect(() => planted({ in: 'Door.open', token: 'key', replace: '' })).toThrow('found 3, must be 1');
  });
});

describe('each mutation applies exactly once and leaves a program:', () => {
  it.each(ALL_MUTATIONS)('$name', (mutation) => {
    const source = sourceOf(mutation.file);
    const text = plant(source, mutation);
    expect(text).not.toBe(source);
    expect(ts.transpileModule(text, { reportDiagnostics: true }).diagnostics).toEqual([]);
  });
});
