import { describe, expect, it } from 'vitest';
import { Leases } from '../../../../processor/archive/intake/lease.js';

describe('Leases', () => {
  it('keeps the leases that stay, revokes those that go, and creates new ones for partitions that return', () => {
    const leases = new Leases();
    leases.assign([0, 1]);
    const [zero, one] = [leases.get(0), leases.get(1)];
    leases.assign([1, 2]);
    expect(zero?.isRevoked).toBe(true);
    expect(one?.isRevoked).toBe(false);
    expect(leases.get(1)).toBe(one);
    leases.assign([0, 1]);
    expect(leases.get(0)).not.toBe(zero);
    expect([...leases.partitions].sort()).toEqual([0, 1]);
  });

  it('offers a position until it is committed, and again after it has moved', () => {
    const leases = new Leases();
    leases.assign([0, 1]);
    expect(leases.uncommitted().size).toBe(0);
    leases.get(0)?.offsets.advance(5);
    expect([...leases.uncommitted()]).toEqual([[0, 5]]);
    leases.noteCommitted(new Map([[0, 5]]));
    expect(leases.uncommitted().size).toBe(0);
    leases.get(0)?.offsets.advance(6);
    expect([...leases.uncommitted()]).toEqual([[0, 6]]);
  });
});
