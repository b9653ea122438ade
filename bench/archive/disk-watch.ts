import { statSync } from 'node:fs';
import { filesBelow } from '../../lab/files-below.js';

const LOOK_MS = 250;
const BLOCK_BYTES = 512;

/** Looks again and again how much of the disk a folder takes. */
export class DiskWatch {
  mostMiB = 0;
  private readonly clock: NodeJS.Timeout | undefined;

  constructor(folder: string | undefined) {
    if (folder !== undefined) this.clock = setInterval(() => this.look(folder), LOOK_MS);
  }

  end(): void {
    clearInterval(this.clock);
  }

  private look(folder: string): void {
    let bytes = 0;
    // Files come and go while they are counted.
    for (const path of filesBelow(folder)) {
      bytes += (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
    }
    this.mostMiB = Math.max(this.mostMiB, bytes / 2 ** 20);
  }
}
