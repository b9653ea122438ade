import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LOOK_MS = 250;
const BLOCK_BYTES = 512;

/** Looks again and again how much of the disk a folder takes. */
export class DiskWatch {
  mostMiB = 0;
  private readonly clock: NodeJS.Timeout | undefined;

  constructor(private readonly folder: string | undefined) {
    if (folder !== undefined) this.clock = setInterval(() => this.look(), LOOK_MS);
  }

  end(): void {
    clearInterval(this.clock);
  }

  private look(): void {
    let bytes = 0;
    // Files come and go while they are counted.
    for (const name of readdirSync(this.folder ?? '', { recursive: true }) as string[]) {
      const found = statSync(join(this.folder ?? '', name), { throwIfNoEntry: false });
      bytes += (found?.blocks ?? 0) * BLOCK_BYTES;
    }
    this.mostMiB = Math.max(this.mostMiB, bytes / 2 ** 20);
  }
}
