import { statSync } from 'node:fs';
import { filesBelow } from '../../lab/files-below.js';

const SAMPLE_EVERY_MS = 250;
const BLOCK_BYTES = 512;

/** Samples the disk usage of a folder and keeps its peak. */
export class DiskWatch {
  peakMiB = 0;
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param folder undefined: nothing is sampled, and the peak stays 0. */
  constructor(folder: string | undefined) {
    if (folder !== undefined) this.timer = setInterval(() => this.sample(folder), SAMPLE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sample(folder: string): void {
    let bytes = 0;
    // Files may disappear while they are counted.
    for (const path of filesBelow(folder)) {
      bytes += (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
    }
    this.peakMiB = Math.max(this.peakMiB, bytes / 2 ** 20);
  }
}
