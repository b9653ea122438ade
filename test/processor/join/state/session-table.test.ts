import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { SessionTable } from '../../../../processor/join/state/session-table.js';

// The number of runs bounds each test. A time limit would only measure the load of the machine.
vi.setConfig({ testTimeout: 0 });

const UUID = '2c4f9a13-8b6e-4d31-9a57-1f0f0c2b7e11';
const ids = fc.constantFrom(
  ...Array.from({ length: 40 }, (_, i) => `s-${i}`),
  'é',
  '漢字-😀',
  '😀'.repeat(256),
  UUID,
  UUID.toUpperCase(),
);
const step = fc.record({
  id: ids,
  bytes: fc.oneof(
    fc.constant(undefined),
    fc.integer({ min: 0, max: 300 }),
    fc.integer({ min: 900_000, max: 1_200_000 }),
  ),
});

const stateOf = (id: string, bytes: number, fill: number): Buffer =>
  Buffer.concat([Buffer.from(id), Buffer.alloc(bytes, fill)]);

/** Applies the same change to the table and to a Map. */
function put(table: SessionTable, model: Map<string, Buffer>, id: string, state: Buffer | undefined): void {
  const slot = table.find(id);
  if (state === undefined) {
    model.delete(id);
    if (slot !== undefined) table.remove(slot);
    return;
  }
  model.set(id, state);
  table.setState(table.findOrInsert(id), state);
}

function expectSame(table: SessionTable, model: Map<string, Buffer>): void {
  expect(table.size).toBe(model.size);
  const slots = new Set<number>();
  for (const [id, state] of model) {
    const slot = table.find(id);
    if (slot === undefined) throw new Error(`${id} is not in the table`);
    slots.add(slot);
    expect(table.sessionId(slot)).toBe(id);
    expect(table.state(slot).equals(state)).toBe(true);
  }
  expect(slots.size).toBe(model.size);
}

describe('the session table', () => {
  it('behaves like a Map', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const table = new SessionTable();
        const model = new Map<string, Buffer>();
        steps.forEach(({ id, bytes }, i) => {
          put(table, model, id, bytes === undefined ? undefined : stateOf(id, bytes, i % 256));
        });
        expectSame(table, model);
        expect(table.find('never seen')).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its entries while it grows, shrinks and moves blocks, and its memory follows the live bytes', () => {
    const table = new SessionTable();
    const model = new Map<string, Buffer>();
    const count = 20_000;
    for (const round of [120, 700, 30]) {
      for (let i = 0; i < count; i += 1) put(table, model, `s-${i}`, stateOf('', round + (i % 50), i % 256));
    }
    expectSame(table, model);
    const live = count * 120;
    expect(table.heldBytes).toBeLessThan(8 * 1024 * 1024 + 2 * live);
    for (let i = 0; i < count; i += 1) if (i % 7 !== 0) put(table, model, `s-${i}`, undefined);
    for (let i = count; i < count + 5_000; i += 1) put(table, model, `s-${i}`, stateOf('', 60, 1));
    expectSame(table, model);
  });
});
