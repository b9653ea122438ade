import { describe, expect, it } from 'vitest';
import { InputRecord } from '../../../../infra/kafka/protocol/records/input-record.js';
import { inputRecord } from '../../../../soak/simulation/kafka/input-record.js';
import { Intake } from '../../../../processor/archive/intake/intake.js';
import { Leases } from '../../../../processor/archive/intake/lease.js';
import type { RecordingJob } from '../../../../processor/archive/recording/recording-job.js';
import { encodeWire, wireHeader } from '../../../../schemas/wire-format.js';

const EVENT = {
  event: 'recording.ready',
  timestamp: '2026-05-03T08:42:11.512Z',
  projectId: 'p',
  success: true,
  recordingUrl: 'https://example.com/a.wav',
};

/** An intake of partition 0 that records what it passes on. */
function intake() {
  const accepted: [string, boolean][] = [];
  const leases = new Leases();
  leases.assign([0]);
  const patience = { linkLifetimeMs: 900_000, spillKeepMs: 900_000 };
  const jobs: RecordingJob[] = [];
  const accept = (job: RecordingJob, _link: string, isNew: boolean): void => {
    jobs.push(job);
    accepted.push([job.sessionId, isNew]);
  };
  const reader = new Intake({ leases, accept }, patience);
  const read = (firstOffset: number, highWatermark: number, ...sessionIds: string[]) => {
    const records = sessionIds.map((sessionId, index) => {
      const value = encodeWire(wireHeader(1), JSON.stringify({ ...EVENT, sessionId }));
      return inputRecord(firstOffset + index, 1_000, null, value);
    });
    reader.process({ partition: 0, records, nextOffset: firstOffset + records.length, highWatermark });
  };
  return { accepted, jobs, leases, reader, read };
}

describe('Intake', () => {
  it('regards as new only records that were appended after the assignment', () => {
    const { accepted, leases, read } = intake();
    read(0, 3, 'a', 'b');
    read(2, 4, 'c', 'd');
    leases.assign([]);
    leases.assign([0]);
    read(3, 5, 'd', 'e');
    read(5, 9, 'f');
    const news = { a: false, b: false, c: false };
    expect(accepted).toEqual(
      Object.entries({ ...news, d: true }).concat([
        ['d', false],
        ['e', false],
        ['f', true],
      ]),
    );
  });

  it('regards no recording as new that it has seen before', () => {
    const { accepted, read } = intake();
    read(0, 0, 'a', 'b', 'a');
    read(3, 9, 'b');
    expect(accepted).toEqual([
      ['a', true],
      ['b', true],
      ['a', false],
      ['b', false],
    ]);
  });

  it('does not mistake records for new when retention has deleted those before them', () => {
    const { accepted, read } = intake();
    read(3, 3);
    read(3, 6, 'a', 'b');
    read(6, 7, 'c');
    expect(accepted).toEqual([
      ['a', false],
      ['b', false],
      ['c', true],
    ]);
  });

  it('takes no recording for new whose announcement has waited for Kafka: it may have been rescued', () => {
    const { accepted, jobs, leases, reader, read } = intake();
    read(0, 0);
    const value = encodeWire(wireHeader(1), JSON.stringify({ ...EVENT, sessionId: 'a' }));
    const receivedAt = Date.parse('2026-05-03T08:43:00.000Z');
    for (const [offset, lateMs] of [5_000, 600_000].entries()) {
      const plain = inputRecord(offset, receivedAt + lateMs, null, value);
      // One header; lengths below 64 are one byte, twice their value.
      const header = ['received-at', '2026-05-03T08:43:00.000Z'].map((text) => [
        Buffer.of(2 * text.length),
        Buffer.from(text),
      ]);
      const bytes = Buffer.concat([plain.bytes, Buffer.of(2), ...header.flat()]);
      const records = [new InputRecord(offset, plain.timestamp, bytes, 0)];
      leases.assign([0]);
      reader.process({ partition: 0, records, nextOffset: offset + 1, highWatermark: 0 });
    }
    expect(jobs.map(({ mayBeRescued }) => mayBeRescued)).toEqual([false, true]);
    expect(accepted.map(([, isNew]) => isNew)).toEqual([true, false]);
  });

  it('skips records that it has read, and partitions that are not assigned', () => {
    const { accepted, leases, read } = intake();
    read(0, 2, 'a', 'b');
    read(1, 3, 'b', 'c');
    leases.assign([]);
    read(3, 4, 'd');
    expect(accepted.map(([id]) => id)).toEqual(['a', 'b', 'c']);
  });
});
