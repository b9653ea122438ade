import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { backgroundClock, type Cancel, type Clock } from '../async/clock.js';
import type { Logger } from '../observability/logger.js';
import { fileFault } from './file-fault.js';

/** Files whose contents are used together, such as a certificate and its key. */
export type ReloadableFiles = {
  /** The setting, or settings, that name the files, for log lines. */
  readonly setting: string;
  readonly files: readonly string[];
  /** Contents that are in use already. Without them, the first look applies what it finds. */
  readonly inUse?: readonly string[];
  /**
   * Uses new contents, in the order of `files`, or throws and leaves everything as it is.
   * @throws Error whose message says why the contents cannot be used, and reveals nothing of them.
   */
  readonly apply: (contents: readonly string[]) => void;
};

type Watched = ReloadableFiles & { digest: string | undefined; fault: string | undefined };

/** Time between two looks. The files are polled because `fs.watch` misses the symbolic links through which mounted secrets are replaced. */
export const LOOK_INTERVAL_MS = 5_000;

/**
 * Applies files again when their contents change. While a file is missing or invalid, as in the middle of a rotation, what is in use stays in
 * use, and one warning says why.
 */
export class FileReloader {
  private readonly watched: readonly Watched[];
  private readonly clock: Clock;
  private cancelNext: Cancel = () => undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    files: readonly ReloadableFiles[],
    private readonly logger: Logger,
    clock: Clock = backgroundClock,
  ) {
    this.clock = clock;
    this.watched = files.map((entry) => ({
      ...entry,
      digest: entry.inUse && digestOf(entry.inUse),
      fault: undefined,
    }));
  }

  /** Looks at once and then regularly, if there are files. */
  start(): this {
    if (this.watched.length > 0) void this.poll();
    return this;
  }

  /** Looks at once. Resolves when changes are in use; never rejects. */
  readonly reload = (): Promise<void> => (this.looking = this.looking.then(() => this.look()));

  readonly stop = (): void => {
    this.isStopped = true;
    this.cancelNext();
  };

  private async poll(): Promise<void> {
    await this.reload();
    if (!this.isStopped) this.cancelNext = this.clock.after(LOOK_INTERVAL_MS, () => void this.poll());
  }

  private async look(): Promise<void> {
    // Reads all files before it applies any, so that an access key and its secret key change together.
    const contents = await Promise.all(this.watched.map(async (entry) => [entry, await read(entry.files)] as const));
    if (this.isStopped) return;
    for (const [entry, content] of contents) this.apply(entry, content);
  }

  private apply(entry: Watched, contents: readonly string[] | Error): void {
    const { setting, files } = entry;
    try {
      if (contents instanceof Error) throw contents;
      const digest = digestOf(contents);
      if (digest !== entry.digest) {
        entry.apply(contents);
        if (entry.digest !== undefined) this.logger.info({ setting, files }, `${setting}: new content is in use`);
        entry.digest = digest;
      } else if (entry.fault !== undefined) {
        this.logger.info({ setting, files }, `${setting}: the content in use is back`);
      }
      entry.fault = undefined;
    } catch (error) {
      const fault = fileFault(error);
      if (fault === entry.fault) return;
      entry.fault = fault;
      this.logger.warn(
        { setting, files, fault },
        `${setting} (${files.join(', ')}): ${fault}; the previous content stays in use until this is repaired`,
      );
    }
  }
}

async function read(files: readonly string[]): Promise<readonly string[] | Error> {
  try {
    return await Promise.all(files.map((file) => readFile(file, 'utf8')));
  } catch (error) {
    return error as Error;
  }
}

function digestOf(contents: readonly string[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest('base64');
}
