import { RecordBatch, sizeBound, type BatchRecord } from '../protocol/records/record-batch.js';

/** Upper bound of what a batch holds besides its records. */
const BATCH_HEADER_BYTES = 100;
/** Empty batches kept for reuse, with their memory. */
const MAX_SPARE = 16;

/** Empty batches that any partition may reuse: one of its own for each partition would be idle most of the time. */
const spare: RecordBatch[] = [];

/** Encoded records that wait to be written to one partition, in batches that the topic accepts. */
export class PendingBatches {
  private readonly batches: RecordBatch[] = [];

  /**
   * @param maxBatchBytes the broker always rejects a larger batch, so only a single record may exceed it. Counted without compression: a
   *   broker may decompress a batch, or compress it in another way, before it compares.
   */
  constructor(private readonly maxBatchBytes: number) {}

  append(record: BatchRecord): void {
    let batch = this.batches.at(-1);
    if (batch === undefined || batch.uncompressedLength + sizeBound(record) > this.maxBatchBytes - BATCH_HEADER_BYTES) {
      batch = spare.pop() ?? new RecordBatch();
      this.batches.push(batch);
    }
    batch.append(record);
  }

  /** The next batch to write; `undefined` when there is none. */
  get first(): RecordBatch | undefined {
    return this.batches[0];
  }

  /** Whether the first batch is full: another one follows it. */
  get hasFull(): boolean {
    return this.batches.length > 1;
  }

  /** Removes the first batch, which has been written. */
  shift(): void {
    const batch = this.batches.shift();
    // A batch that one huge record has enlarged is not worth its memory.
    if (batch === undefined || batch.uncompressedLength > this.maxBatchBytes || spare.length === MAX_SPARE) return;
    batch.clear();
    spare.push(batch);
  }
}
