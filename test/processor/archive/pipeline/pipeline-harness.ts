import { readdirSync } from 'node:fs';
import { Registry } from 'prom-client';
import { pino } from 'pino';
import { expect, onTestFinished, vi } from 'vitest';
import { readSettings } from '../../../../infra/settings/read-settings.js';
import { ArchiveMetrics } from '../../../../processor/archive/archive-metrics.js';
import type { ArchivePipeline } from '../../../../processor/archive/pipeline/archive-pipeline.js';
import { assemblePipeline } from '../../../../processor/archive/pipeline/assemble-pipeline.js';
import { systemClock } from '../../../../infra/async/clock.js';
import { Lease } from '../../../../processor/archive/intake/lease.js';
import type { OutcomeRecord } from '../../../../processor/archive/pipeline/outcome-sender.js';
import { recordingJob } from '../../../../processor/archive/recording/recording-job.js';
import { archiveFaults, archiveSpecs } from '../../../../processor/archive/settings.js';
import { openHttpSource, type OpenSource } from '../../../../processor/archive/source/http-source.js';
import { SpillDirectory } from '../../../../processor/archive/spill/spill-directory.js';
import type { RecordingArchived, RecordingFailed } from '../../../../schemas/generated/types.js';
import { decodeWire } from '../../../../schemas/wire-format.js';
import { MemoryObjectStore } from '../../../infra/object-store/memory-object-store.js';
import { wav } from '../recording/audio-samples.js';
import { FaultySource } from '../source/faulty-source.js';
import { tempDir } from '../../../support/temp-dir.js';

export const BODY = wav(50_000);
const READY_AT = '2026-05-03T08:42:11.512Z';

export type PipelineOptions = {
  lifetimeMs?: number;
  concurrency?: number;
  open?: OpenSource;
  spillKeepMs?: number;
  /** Of an earlier pipeline: this one comes after it. */
  spillRoot?: string;
};

/** The pipeline with all but Kafka around it: a real source, a real disk, a store in memory, and a log that is a list. */
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
  const spills = new SpillDirectory({ root: spillRoot, silentMs: 1e9, keepMs: 1e9 });
  await spills.open();
  const logged: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => logged.push(line) });
  const log: OutcomeRecord[] = [];
  const kafka = { isAway: false };
  const relief = { count: 0 };
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
    store,
    spills,
    schemaId: 1,
    resolve: () => Promise.reject(new Error('no resolver here')),
    open,
    clock: systemClock,
    logger,
    metrics: new ArchiveMetrics(registry, () => pipeline.gauges()),
    sender: {
      send: (record) => {
        if (kafka.isAway) return Promise.reject(new Error('Kafka is away'));
        log.push(record);
        return Promise.resolve();
      },
    },
    onRelief: () => {
      relief.count += 1;
    },
  });
  onTestFinished(() => pipeline.stop());
  const lease = new Lease(0);
  let offset = 0;
  const accept = (sessionId: string, link: string, ageMs = 0, isNew = false) => {
    const record = { offset: offset++, timestamp: Date.now() - ageMs };
    const event = { event: 'recording.ready' as const, sessionId, projectId: 'p', timestamp: READY_AT, success: true };
    lease.offsets.begin(record.offset);
    lease.offsets.advance(record.offset + 1);
    pipeline.accept(recordingJob(event, record, lease, { linkLifetimeMs: lifetimeMs, spillKeepMs }), link, isNew);
  };
  const outcomes = () =>
    log.map(({ value }) => JSON.parse(decodeWire(value)?.json.toString() ?? '') as RecordingArchived | RecordingFailed);
  const settled = (count: number) =>
    vi.waitFor(() => expect(pipeline.pending + (count - log.length)).toBe(0), { timeout: 15_000, interval: 5 });
  const leftOvers = () => readdirSync(spillRoot, { recursive: true }).filter((name) => String(name).endsWith('.audio'));
  return {
    ...{ source, store, pipeline, lease, accept, outcomes, settled, kafka, logged, leftOvers, registry, logger },
    ...{ spills, spillRoot, relief },
  };
}
