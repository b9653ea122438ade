import type { InputBatch } from '../../../infra/kafka/consume/group-consumer.js';
import type { InputRecord } from '../../../infra/kafka/protocol/records/input-record.js';
import { headerOf } from '../../../infra/kafka/protocol/records/record-headers.js';
import { recordingJob, type Announcement, type Patience, type RecordingJob } from '../recording/recording-job.js';
import { readyRecordingIn } from '../recording/recording-ready.js';
import { FirstSight } from './first-sight.js';
import type { Leases } from './lease.js';

export type IntakeDeps = {
  readonly leases: Leases;
  /** Receives each recording once; see `ArchivePipeline.accept`. */
  readonly accept: (job: RecordingJob, link: string, isNew: boolean) => void;
};

/** Turns the records of the assigned partitions into recordings to archive. */
export class Intake {
  private readonly firstSight = new FirstSight();

  constructor(
    private readonly deps: IntakeDeps,
    private readonly patience: Patience,
  ) {}

  /** Passes on the recordings of a batch, without those that were read before. Never waits. */
  process(batch: InputBatch): void {
    const { leases, accept } = this.deps;
    const lease = leases.get(batch.partition);
    if (lease === undefined) return;
    // An empty batch may cover a range that retention has deleted: its end is not the end of the log.
    if (batch.records.length > 0) lease.noteEnd(batch.highWatermark);
    for (const record of batch.records) {
      if (lease.offsets.hasRead(record.offset)) continue;
      const event = readyRecordingIn(record.value);
      if (event === undefined) continue;
      lease.offsets.begin(record.offset);
      const job = recordingJob(event, announcement(record), lease, this.patience);
      const isNew = this.firstSight.isNew(job) && !job.mayBeRescued;
      accept(job, event.recordingUrl, isNew);
    }
    lease.offsets.advance(batch.nextOffset);
  }
}

function announcement(record: InputRecord): Announcement {
  const receivedAt = Date.parse(headerOf(record, 'received-at') ?? '');
  const { offset, timestamp } = record;
  return { offset, timestamp, receivedAt: Number.isNaN(receivedAt) ? undefined : receivedAt };
}
