import { describe, expect, it } from 'vitest';
import { inputRecord } from '../../../../soak/simulation/kafka/input-record.js';
import { Intake } from '../../../../processor/archive/intake/intake.js';
import { Leases } from '../../../../processor/archive/intake/lease.js';
import { encodeWire, wireHeader } from '../../../../schemas/wire-format.js';

const EVENT = {
  event: 'recording.ready',
  timestamp: '2026-05-03T08:42:11.512Z',
  projectId: 'p',
  success: true,
  recordingUrl: 'https://example.com/a.wav',
};

/** An intake of partition 0 before a pipeline that only notes what it is given. */
function intake() {
  const accepted: [string, boolean][] = [];
  const leases = new Leases();
  leases.assign([0]);
  const patience = { linkLifetimeMs: 900_000, spillKeepMs: 900_000 };
  const accept = (job: { sessionId: string }, _link: string, isNew = false) =>
    void accepted.push([job.sessionId, isNew]);
  const reader = new Intake(leases, { accept }, patience);
  const take = (firstOffset: number, highWatermark: number, ...sessionIds: string[]) => {
    const records = sessionIds.map((sessionId, index) => {
      const value = encodeWire(wireHeader(1), JSON.stringify({ ...EVENT, sessionId }));
      return inputRecord(firstOffset + index, 1_000, null, value);
    });
    reader.take({ partition: 0, records, nextOffset: firstOffset + records.length, highWatermark });
  };
  return { accepted, leases, take };
}

describe('Intake', () => {
  it('takes for new only what came into the log after the partition was ours', () => {
    const { accepted, leases, take } = intake();
    take(0, 3, 'a', 'b');
    take(2, 4, 'c', 'd');
    leases.assign([]);
    leases.assign([0]);
    take(3, 5, 'd', 'e');
    take(5, 9, 'f');
    const news = { a: false, b: false, c: false };
    expect(accepted).toEqual(
      Object.entries({ ...news, d: true }).concat([
        ['d', false],
        ['e', false],
        ['f', true],
      ]),
    );
  });

  it('takes for new no recording that has come by before', () => {
    const { accepted, take } = intake();
    take(0, 0, 'a', 'b', 'a');
    take(3, 9, 'b');
    expect(accepted).toEqual([
      ['a', true],
      ['b', true],
      ['a', false],
      ['b', false],
    ]);
  });

  it('takes nothing for new because records before it were deleted before they were read', () => {
    const { accepted, take } = intake();
    take(3, 3);
    take(3, 6, 'a', 'b');
    take(6, 7, 'c');
    expect(accepted).toEqual([
      ['a', false],
      ['b', false],
      ['c', true],
    ]);
  });

  it('leaves out what it has read, and what is not ours', () => {
    const { accepted, leases, take } = intake();
    take(0, 2, 'a', 'b');
    take(1, 3, 'b', 'c');
    leases.assign([]);
    take(3, 4, 'd');
    expect(accepted.map(([id]) => id)).toEqual(['a', 'b', 'c']);
  });
});
