import { RecordBatch, sizeBound, type BatchRecord } from './record-batch.js';

/** More than a batch takes beside its records. */
const BATCH_HEADER_BYTES = 100;
/** So many batches keep their memory for the next transaction: what a usual one fills. */
const KEPT_BATCHES = 4;

/** What waits to be written to one partition, encoded, in batches that the topic takes. */
export class PendingBatches {
  private readonly batches: RecordBatch[] = [];
  private used = 0;

  /** @param maxBatchBytes a batch that is larger fails for ever, so only a single record may be. */
  constructor(private readonly maxBatchBytes: number) {}

  get isEmpty(): boolean {
    return this.used === 0;
  }

  append(record: BatchRecord): void {
    let batch = this.batches[this.used - 1];
    if (batch === undefined || batch.length + sizeBound(record) > this.maxBatchBytes - BATCH_HEADER_BYTES) {
      batch = this.batches[this.used] ??= new RecordBatch();
      this.used += 1;
    }
    batch.append(record);
  }

  /** In the order in which they are to be written. */
  filled(): readonly RecordBatch[] {
    return this.batches.slice(0, this.used);
  }

  clear(): void {
    this.batches.length = Math.min(this.batches.length, KEPT_BATCHES);
    for (const batch of this.batches) batch.clear();
    this.used = 0;
  }
}
