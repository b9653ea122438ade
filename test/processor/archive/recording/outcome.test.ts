import { describe, expect, it } from 'vitest';
import { FAILURE_REASONS } from '../../../../processor/archive/recording/failure-reason.js';
import { PartitionLease } from '../../../../processor/archive/intake/lease.js';
import { outcomeRecord, type Outcome } from '../../../../processor/archive/recording/outcome.js';
import { deadlinesOf, recordingJob } from '../../../../processor/archive/recording/recording-job.js';
import { validateSessionEvent } from '../../../../schemas/validators.js';
import { decodeWire, wireHeader } from '../../../../schemas/wire-format.js';

const NOW = Date.parse('2026-05-03T08:45:00.000Z');
const JOB = recordingJob(
  { event: 'recording.ready', sessionId: 's-1', projectId: 'p-1', timestamp: '2026-05-03T08:42:11Z', success: true },
  { offset: 4, timestamp: NOW },
  new PartitionLease(),
  { linkLifetimeMs: 900_000, spillKeepMs: 86_400_000 },
);
const report = (outcome: Outcome) => outcomeRecord(JOB, outcome, wireHeader(9), NOW);

describe('outcomeRecord', () => {
  it('reports an archived object', () => {
    const object = {
      bucket: 'recordings',
      key: 'p-1/2026/05/03/s-1.wav',
      bytes: 3,
      sha256: 'a'.repeat(64),
      contentType: 'audio/wav',
      archivedAt: '2026-05-03T08:44:59.000Z',
    };
    const { key, value, headers } = report({ kind: 'archived', object, alreadyStored: false });
    const wire = decodeWire(value);
    const event: unknown = JSON.parse(wire?.json.toString() ?? '');
    expect(wire?.schemaId).toBe(9);
    expect(key).toBe('s-1');
    expect(event).toMatchObject({ event: 'recording.archived', readyAt: '2026-05-03T08:42:11Z', ...object });
    expect(validateSessionEvent(event).kind).toBe('valid');
    expect(headers).toMatchObject({
      ce_id: 's-1:recording.archived:2026-05-03T08:42:11Z',
      ce_type: 'recording.archived',
      ce_source: '/processor/archive',
    });
  });

  it.each(FAILURE_REASONS)('reports %s according to the schema', (reason) => {
    const event: unknown = JSON.parse(decodeWire(report({ kind: 'failed', reason }).value)?.json.toString() ?? '');
    expect(event).toMatchObject({ event: 'recording.failed', sessionId: 's-1', projectId: 'p-1', reason });
    expect(validateSessionEvent(event).kind).toBe('valid');
  });
});

describe('deadlinesOf', () => {
  it('gives up downloads before the join stops waiting, and waits for the object store beyond the end of the link', () => {
    const of = (linkLifetimeMs: number) => deadlinesOf(0, { linkLifetimeMs, spillKeepMs: 50_000 });
    expect(of(900_000)).toEqual({ linkEndsAt: 900_000, giveUpAt: 895_000, storeGiveUpAt: 950_000 });
    expect(of(10_000)).toEqual({ linkEndsAt: 10_000, giveUpAt: 9_500, storeGiveUpAt: 60_000 });
  });
});
