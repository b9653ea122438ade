import type { InputBatch } from '../../../infra/kafka/consume/group-consumer.js';
import type { ArchivePipeline } from '../pipeline/archive-pipeline.js';
import { FirstSight } from './first-sight.js';
import type { Leases } from './lease.js';
import { readyRecordingIn } from '../recording/recording-ready.js';
import { recordingJob, type Patience } from '../recording/recording-job.js';

/** Turns the records of our partitions into recordings to archive. */
export class Intake {
  private readonly firstSight = new FirstSight();

  constructor(
    private readonly leases: Leases,
    private readonly pipeline: Pick<ArchivePipeline, 'accept'>,
    private readonly patience: Patience,
  ) {}

  /** Takes a batch; what was read before is left out. Does not wait for anything. */
  take(batch: InputBatch): void {
    const lease = this.leases.get(batch.partition);
    if (lease === undefined) return;
    // The end of a stretch that retention has emptied is not that of the log.
    if (batch.records.length > 0) lease.noteEnd(batch.highWatermark);
    for (const record of batch.records) {
      if (lease.offsets.hasRead(record.offset)) continue;
      const event = readyRecordingIn(record.value);
      if (event === undefined) continue;
      lease.offsets.begin(record.offset);
      const job = recordingJob(event, record, lease, this.patience);
      this.pipeline.accept(job, event.recordingUrl, this.firstSight.isNew(job));
    }
    lease.offsets.advance(batch.nextOffset);
  }
}
