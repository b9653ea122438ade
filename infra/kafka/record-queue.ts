import type { OutgoingRecord } from './single-flight-producer.js';

/** A record on its way, with the promise of the caller that waits for it. */
export type QueuedRecord<R extends OutgoingRecord = OutgoingRecord> = {
  readonly record: R;
  readonly bytes: number;
  /** `performance.now()` at arrival. */
  readonly queuedAt: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
};

/** Framing, key and headers of a record in a batch, roughly. */
const OVERHEAD_BYTES = 300;

export function recordBytes(record: OutgoingRecord): number {
  return record.value.length + OVERHEAD_BYTES;
}

/**
 * First in, first out; hands out batches that are ripe: as large as one may be, or with a first record that has waited for
 * `lingerMs`, or closing, when nothing more will come.
 */
export class RecordQueue<R extends OutgoingRecord = OutgoingRecord> {
  private records: QueuedRecord<R>[] = [];
  private queuedBytes = 0;
  private waiting: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closing = false;

  constructor(
    private readonly lingerMs: number,
    private readonly maxBatchBytes: number,
  ) {}

  get length(): number {
    return this.records.length;
  }

  get bytes(): number {
    return this.queuedBytes;
  }

  push(queued: QueuedRecord<R>): void {
    this.records.push(queued);
    this.queuedBytes += queued.bytes;
    if (this.waiting === undefined) return;
    if (this.queuedBytes >= this.maxBatchBytes || this.lingerMs === 0) this.wake();
    else this.timer ??= setTimeout(() => this.wake(), this.lingerMs);
  }

  /** Puts records of a batch back in front, in their order: they were first, and have lingered. */
  putBack(batch: readonly QueuedRecord<R>[]): void {
    this.records = [...batch, ...this.records];
    for (const { bytes } of batch) this.queuedBytes += bytes;
  }

  /** Resolves to true when a batch is ripe, or to false once closed and empty. One caller at a time. */
  async ripe(): Promise<boolean> {
    while (!this.isRipe()) {
      if (this.closing && this.records.length === 0) return false;
      await this.ripening();
    }
    return true;
  }

  /** A batch of at most `maxRecords`; a record above the size limit is a batch of its own. Empty if the queue is. */
  takeBatch(maxRecords: number): QueuedRecord<R>[] {
    let end = 0;
    let bytes = 0;
    for (const queued of this.records) {
      bytes += queued.bytes;
      if (end > 0 && (bytes > this.maxBatchBytes || end >= maxRecords)) break;
      end += 1;
    }
    return this.remove(end);
  }

  /** Takes out the records from the first on that the test is true for. */
  takeWhile(test: (queued: QueuedRecord<R>) => boolean): QueuedRecord<R>[] {
    const end = this.records.findIndex((queued) => !test(queued));
    return this.remove(end === -1 ? this.records.length : end);
  }

  first(): QueuedRecord<R> | undefined {
    return this.records[0];
  }

  /** What is queued is ripe now, and what still comes will be at once. */
  close(): void {
    this.closing = true;
    this.wake();
  }

  private isRipe(): boolean {
    const first = this.records[0];
    if (first === undefined) return false;
    if (this.closing || this.queuedBytes >= this.maxBatchBytes) return true;
    // A timer may fire a little early.
    return performance.now() - first.queuedAt >= this.lingerMs - 1;
  }

  private ripening(): Promise<void> {
    const first = this.records[0];
    if (first !== undefined) {
      this.timer = setTimeout(() => this.wake(), Math.max(0, first.queuedAt + this.lingerMs - performance.now()));
    }
    return new Promise((resolve) => (this.waiting = resolve));
  }

  private wake(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting?.();
    this.waiting = undefined;
  }

  private remove(count: number): QueuedRecord<R>[] {
    const removed = this.records.slice(0, count);
    this.records = this.records.slice(count);
    for (const { bytes } of removed) this.queuedBytes -= bytes;
    return removed;
  }
}
