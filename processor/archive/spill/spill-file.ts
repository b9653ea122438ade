import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { StatedDigest } from '../recording/stated-digests.js';
import type { ResumePoint } from '../recording/resume.js';
import { SpillError } from '../recording/spill-error.js';
import type { SpillBudget } from './spill-budget.js';

/**
 * The file of a recording on the local disk. Hashes the bytes as it writes them, and is open only between the first write and `close`.
 * Allows one call at a time, except for `close` and `remove`, which wait for the previous call.
 */
export class SpillFile {
  private handle: FileHandle | undefined;
  private hash: Hash = createHash('sha256');
  private md5: Hash | undefined;
  private expected: readonly StatedDigest[] = [];
  private written = 0;
  /** Bytes of the budget that this file holds. */
  private reserved = 0;
  private working: Promise<void> = Promise.resolve();
  /** Where a cut download can continue; `undefined` if it must start over. */
  resume: ResumePoint | undefined;
  /** Path of the manifest, once the recording is complete. */
  manifest: string | undefined;
  /** Runs before the file is removed. */
  beforeRemoval: () => Promise<void> = () => Promise.resolve();

  constructor(
    readonly path: string,
    private readonly budget?: SpillBudget,
  ) {}

  get name(): string {
    return basename(this.path);
  }

  get bytes(): number {
    return this.written;
  }

  /** SHA-256 of the bytes written so far, in lower-case hex. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  /** @throws SpillError; with code `LIMIT` when the budget is spent: the file is empty then, so that others can be completed. */
  async append(chunk: Buffer): Promise<void> {
    await this.onDisk(async (handle) => {
      if (this.budget?.tryReserve(chunk.length) === false) {
        await handle.truncate(0);
        this.forget();
        throw Object.assign(new Error('the limit of the spill directory is reached'), { code: 'LIMIT' });
      }
      if (this.budget !== undefined) this.reserved += chunk.length;
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, this.written + done);
        done += bytesWritten;
      }
      this.hash.update(chunk);
      this.md5?.update(chunk);
      this.written += chunk.length;
    });
  }

  /** Sets the digests of the whole recording. Call it while the file is empty; {@link reset} clears them. */
  expect(digests: readonly StatedDigest[]): void {
    this.expected = digests;
    this.md5 = digests.some(({ algorithm }) => algorithm === 'md5') ? createHash('md5') : undefined;
  }

  /** An expected digest that the written bytes do not have; `undefined` if they have all of them. */
  mismatch(): StatedDigest | undefined {
    const actual = { sha256: this.sha256(), md5: this.md5?.copy().digest('hex') };
    return this.expected.find(({ algorithm, hex }) => actual[algorithm] !== hex);
  }

  /** The first bytes, at most `maxBytes`. @throws SpillError */
  async head(maxBytes: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.min(maxBytes, this.written));
    await this.onDisk((handle) => handle.read(buffer, 0, buffer.length, 0));
    return buffer;
  }

  /** Empties the file. @throws SpillError */
  async reset(): Promise<void> {
    this.resume = undefined;
    this.expect([]);
    if (this.written === 0) return;
    this.forget();
    await this.onDisk((handle) => handle.truncate(0));
  }

  /** Counts the bytes of an adopted file. */
  count(bytes: number): void {
    if (this.budget === undefined) return;
    this.budget.count(bytes);
    this.reserved += bytes;
  }

  /** Waits for a write in progress, which an aborted transfer leaves behind, and closes the file. */
  async close(): Promise<void> {
    await this.working.catch(() => undefined);
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  /** Flushes a complete recording and its manifest to the disk, so that they survive a power cut. @throws SpillError */
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

  /** Closes and removes the file. A file that cannot be removed now is removed with its folder. */
  async remove(): Promise<void> {
    await this.close();
    await this.beforeRemoval().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
    this.release();
  }

  private forget(): void {
    this.written = 0;
    this.hash = createHash('sha256');
    this.release();
  }

  private release(): void {
    this.budget?.release(this.reserved);
    this.reserved = 0;
  }

  private onDisk(work: (handle: FileHandle) => Promise<unknown>): Promise<void> {
    const done = this.withHandle(work);
    this.working = done;
    return done;
  }

  private async withHandle(work: (handle: FileHandle) => Promise<unknown>): Promise<void> {
    try {
      this.handle ??= await this.open();
      await work(this.handle);
    } catch (cause) {
      // A partly written chunk is in the file but not in the hash, so no later attempt may continue from here.
      this.resume = undefined;
      throw spillError(cause);
    }
  }

  private async open(): Promise<FileHandle> {
    // Recordings are private: readable for this user only.
    if (this.written > 0) return open(this.path, 'r+');
    const create = (): Promise<FileHandle> => open(this.path, 'w+', 0o600);
    return create().catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // A cleaner of temporary folders may have removed the empty folder.
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      return create();
    });
  }
}

function spillError(cause: unknown): SpillError {
  return new SpillError((cause as NodeJS.ErrnoException).code ?? 'unknown', { cause });
}
