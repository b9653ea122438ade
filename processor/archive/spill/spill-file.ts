import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { StatedDigest } from '../recording/stated-digests.js';
import type { ResumePoint } from '../source/resume-point.js';

/** The disk did not take or give the bytes. The file is in no known state: {@link SpillFile.reset} it, or remove it. */
export class SpillError extends Error {
  override readonly name = 'SpillError';
  constructor(
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(`the spill file failed: ${code}`, options);
  }
}

/**
 * A recording on its way through the local disk. It is hashed as it is written, and open only while someone writes.
 * One call at a time, but for `close` and `remove`, which wait for the last.
 */
export class SpillFile {
  private handle: FileHandle | undefined;
  private hash: Hash = createHash('sha256');
  private md5: Hash | undefined;
  private expected: readonly StatedDigest[] = [];
  private written = 0;
  private working: Promise<void> = Promise.resolve();
  /** Where a cut download can go on; `undefined` when it must start anew. */
  resume: ResumePoint | undefined;
  /** The path of the note that the recording is complete, if there is one. */
  manifest: string | undefined;
  /** Done before the file goes. */
  beforeRemoval: () => Promise<void> = () => Promise.resolve();

  constructor(readonly path: string) {}

  get name(): string {
    return basename(this.path);
  }

  get bytes(): number {
    return this.written;
  }

  /** SHA-256 of what has been written, in lower-case hex. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  /** @throws SpillError */
  async append(chunk: Buffer): Promise<void> {
    await this.onDisk(async (handle) => {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, this.written + done);
        done += bytesWritten;
      }
      this.hash.update(chunk);
      this.md5?.update(chunk);
      this.written += chunk.length;
    });
  }

  /** Notes what the whole must hash to. To be called while the file is empty; {@link reset} forgets it. */
  expect(digests: readonly StatedDigest[]): void {
    this.expected = digests;
    this.md5 = digests.some(({ algorithm }) => algorithm === 'md5') ? createHash('md5') : undefined;
  }

  /** The digest that what has been written does not have, though it should. */
  mismatch(): StatedDigest | undefined {
    const actual = { sha256: this.sha256(), md5: this.md5?.copy().digest('hex') };
    return this.expected.find(({ algorithm, hex }) => actual[algorithm] !== hex);
  }

  /** The first bytes, up to `most`. @throws SpillError */
  async head(most: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.min(most, this.written));
    await this.onDisk((handle) => handle.read(buffer, 0, buffer.length, 0));
    return buffer;
  }

  /** Empties the file. @throws SpillError */
  async reset(): Promise<void> {
    this.resume = undefined;
    this.expect([]);
    if (this.written === 0) return;
    this.written = 0;
    this.hash = createHash('sha256');
    await this.onDisk((handle) => handle.truncate(0));
  }

  /** Waits for what is being written: whoever breaks a transfer off leaves a chunk behind. */
  async close(): Promise<void> {
    await this.working.catch(() => undefined);
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  /** Brings a complete recording and its manifest to the disk itself, so that they outlive a power cut. @throws SpillError */
  async sync(): Promise<void> {
    try {
      for (const path of [this.path, this.manifest, dirname(this.path)]) {
        if (path === undefined) continue;
        const handle = await open(path, 'r');
        await handle.sync().finally(() => handle.close());
      }
    } catch (cause) {
      throw spillError(cause);
    }
  }

  /** What cannot be removed now goes with its folder. */
  async remove(): Promise<void> {
    await this.close();
    await this.beforeRemoval().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  private onDisk(work: (handle: FileHandle) => Promise<unknown>): Promise<void> {
    const done = this.withHandle(work);
    this.working = done;
    return done;
  }

  private async withHandle(work: (handle: FileHandle) => Promise<unknown>): Promise<void> {
    try {
      this.handle ??= await this.opened();
      await work(this.handle);
    } catch (cause) {
      // A half-written chunk is in the file but not in the hash, so nothing may go on from here.
      this.resume = undefined;
      throw spillError(cause);
    }
  }

  private async opened(): Promise<FileHandle> {
    // Recordings are private: for this user only.
    if (this.written > 0) return open(this.path, 'r+');
    const create = (): Promise<FileHandle> => open(this.path, 'w+', 0o600);
    return create().catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Whoever tidies temp folders takes an empty one for forgotten.
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      return create();
    });
  }
}

function spillError(cause: unknown): SpillError {
  return new SpillError((cause as NodeJS.ErrnoException).code ?? 'unknown', { cause });
}
