import { RecordBatch, sizeBound, type BatchRecord } from '../protocol/records/record-batch.js';

/** More than a batch takes beside its records. */
const BATCH_HEADER_BYTES = 100;
/** So many empty batches keep their memory. */
const MOST_SPARE = 16;

/** Empty batches of whatever partition, for the next that needs one: each partition's own would lie idle most of the time. */
const spare: RecordBatch[] = [];

/** What waits to be written to one partition, encoded, in batches that the topic takes. */
export class PendingBatches {
  private readonly batches: RecordBatch[] = [];

  /** @param maxBatchBytes a batch that is larger fails for ever, so only a single record may be. */
  constructor(private readonly maxBatchBytes: number) {}

  append(record: BatchRecord): void {
    let batch = this.batches.at(-1);
    if (batch === undefined || batch.length + sizeBound(record) > this.maxBatchBytes - BATCH_HEADER_BYTES) {
      batch = spare.pop() ?? new RecordBatch();
      this.batches.push(batch);
    }
    batch.append(record);
  }

  /** The next to be written; `undefined` when nothing waits. */
  get first(): RecordBatch | undefined {
    return this.batches[0];
  }

  /** Whether the first batch is as large as it will be: another stands behind it. */
  get hasWhole(): boolean {
    return this.batches.length > 1;
  }

  /** The first batch is written. */
  shift(): void {
    const batch = this.batches.shift();
    // One that a huge record has made huge is not worth its memory.
    if (batch === undefined || batch.length > this.maxBatchBytes || spare.length === MOST_SPARE) return;
    batch.clear();
    spare.push(batch);
  }
}
