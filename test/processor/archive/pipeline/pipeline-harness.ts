import { readdirSync } from 'node:fs';
import { Registry } from 'prom-client';
import { pino } from 'pino';
import { expect, onTestFinished, vi } from 'vitest';
import { readSettings } from '../../../../infra/settings/read-settings.js';
import { ArchiveMetrics } from '../../../../processor/archive/archive-metrics.js';
import type { ArchivePipeline } from '../../../../processor/archive/pipeline/archive-pipeline.js';
import { assemblePipeline } from '../../../../processor/archive/pipeline/assemble-pipeline.js';
import { PartitionLease } from '../../../../processor/archive/intake/lease.js';
import type { OutcomeRecord } from '../../../../processor/archive/recording/outcome-record.js';
import { recordingJob } from '../../../../processor/archive/recording/recording-job.js';
import { archiveFaults, archiveSpecs } from '../../../../processor/archive/settings.js';
import { openHttpSource, type OpenSource } from '../../../../processor/archive/source/http-source.js';
import { SpillDirectory } from '../../../../processor/archive/spill/spill-directory.js';
import type { RecordingArchived, RecordingFailed } from '../../../../schemas/generated/types.js';
import { decodeWire } from '../../../../schemas/wire-format.js';
import { MemoryObjectStore } from '../../../infra/object-store/memory-object-store.js';
import { wav } from '../recording/audio-samples.js';
import { FaultySource } from '../source/faulty-source.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { tempDir } from '../../../support/temp-dir.js';

export const BODY = wav(50_000);
const READY_AT = '2026-05-03T08:42:11.512Z';
/** How far the clock advances at once while everything waits for a retry. */
const STEP_MS = 100;
const WAIT_MS = 25_000;

export type PipelineOptions = {
  lifetimeMs?: number;
  concurrency?: number;
  open?: OpenSource;
  spillKeepMs?: number;
  /** Spill directory of an earlier pipeline, whose recordings this one may adopt. */
  spillRoot?: string;
};

/**
 * The pipeline with a real source and a real disk, an object store in memory, and a list as its log.
 *
 * Its clock stands still while a transfer is active, so a slow machine never makes a deadline expire; {@link until} lets time pass
 * while all recordings wait for a retry.
 */
export async function archivePipeline({
  lifetimeMs = 20_000,
  concurrency = 4,
  open = openHttpSource,
  spillKeepMs = lifetimeMs,
  spillRoot = tempDir(),
}: PipelineOptions = {}) {
  const source = await FaultySource.start();
  const store = new MemoryObjectStore();
  store.hasBucket = true;
  const clock = new ManualClock(Date.now());
  const spills = new SpillDirectory({ root: spillRoot, maxSilenceMs: 1e9, keepMs: 1e9, clock });
  await spills.open();
  const logged: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => logged.push(line) });
  const log: OutcomeRecord[] = [];
  const kafka = { isDown: false };
  const loadReductions = { count: 0 };
  const settings = readSettings(
    {
      ARCHIVE_ALLOWED_HOSTS: `${source.host},127.0.0.1:9`,
      ARCHIVE_URL_LIFETIME_MS: String(lifetimeMs),
      ARCHIVE_CONCURRENCY: String(concurrency),
    },
    archiveSpecs,
    archiveFaults,
  );
  const registry = new Registry();
  const pipeline: ArchivePipeline = assemblePipeline({
    settings,
    objectStore: store,
    spills,
    schemaId: 1,
    resolve: () => Promise.reject(new Error('this test has no resolver')),
    open,
    clock,
    logger,
    metrics: new ArchiveMetrics(registry, () => pipeline.gauges()),
    sender: {
      send: (record) => {
        if (kafka.isDown) return Promise.reject(new Error('Kafka is down'));
        log.push(record);
        return Promise.resolve();
      },
    },
    onLoadReduced: () => {
      loadReductions.count += 1;
    },
  });
  onTestFinished(() => pipeline.stop());
  const lease = new PartitionLease();
  let offset = 0;
  const accept = (sessionId: string, link: string, ageMs = 0, isNew = false) => {
    const record = { offset: offset++, timestamp: clock.now() - ageMs };
    const event = { event: 'recording.ready' as const, sessionId, projectId: 'p', timestamp: READY_AT, success: true };
    lease.offsets.begin(record.offset);
    lease.offsets.advance(record.offset + 1);
    pipeline.accept(recordingJob(event, record, lease, { linkLifetimeMs: lifetimeMs, spillKeepMs }), link, isNew);
  };
  /** Accepts a recording whose announcement has just reached Kafka, long after the ingress received it. */
  const acceptSpooled = (sessionId: string, link: string, { receivedAgoMs }: { readonly receivedAgoMs: number }) => {
    const announcement = { offset: offset++, timestamp: clock.now(), receivedAt: clock.now() - receivedAgoMs };
    const event = { event: 'recording.ready' as const, sessionId, projectId: 'p', timestamp: READY_AT, success: true };
    lease.offsets.begin(announcement.offset);
    lease.offsets.advance(announcement.offset + 1);
    const job = recordingJob(event, announcement, lease, { linkLifetimeMs: lifetimeMs, spillKeepMs });
    pipeline.accept(job, link);
    return job;
  };
  const outcomes = () =>
    log.map(({ value }) => JSON.parse(decodeWire(value)?.json.toString() ?? '') as RecordingArchived | RecordingFailed);
  /** Waits for an assertion to hold. Advances the clock whenever no transfer is active. */
  const until = (assertion: () => void) =>
    vi.waitFor(
      async () => {
        try {
          assertion();
        } catch (error) {
          const { downloads, uploads } = pipeline.gauges();
          if (downloads + uploads === 0) await clock.advance(STEP_MS);
          throw error;
        }
      },
      { timeout: WAIT_MS, interval: 5 },
    );
  const settled = (count: number) => until(() => expect(pipeline.pending + (count - log.length)).toBe(0));
  const leftOvers = () => readdirSync(spillRoot, { recursive: true }).filter((name) => String(name).endsWith('.audio'));
  return {
    accept,
    acceptSpooled,
    clock,
    kafka,
    lease,
    leftOvers,
    loadReductions,
    logged,
    logger,
    outcomes,
    pipeline,
    registry,
    settled,
    source,
    spillRoot,
    spills,
    store,
    until,
  };
}
