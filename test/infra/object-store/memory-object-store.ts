import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { NewObject, ObjectInfo, ObjectStore } from '../../../infra/object-store/object-store.js';
import {
  BrokenBodyError,
  BucketMissingError,
  StoreRefusedError,
  StoreUnavailableError,
} from '../../../infra/object-store/store-errors.js';

/** A bucket in memory that can be unavailable, hang or refuse. It passes the same contract tests as the real store. */
export class MemoryObjectStore implements ObjectStore {
  readonly objects = new Map<string, { readonly info: ObjectInfo; readonly bytes: Buffer }>();
  /** While set, every method fails. */
  trouble: 'away' | 'refusing' | 'hanging' | undefined;
  hasBucket = false;
  puts = 0;
  looks = 0;

  async ensureBucket(signal: AbortSignal): Promise<void> {
    await this.answer(signal, { needsBucket: false });
    this.hasBucket = true;
  }

  async findByPrefix(prefix: string, signal: AbortSignal): Promise<readonly ObjectInfo[]> {
    this.looks += 1;
    await this.answer(signal);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.slice(0, 16).map((key) => this.find(key).info);
  }

  async stat(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    await this.answer(signal);
    return this.objects.get(key)?.info;
  }

  async putFile(
    { key, file, bytes, sha256, contentType, metadata }: NewObject,
    { replace }: { readonly replace: boolean },
    signal: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    this.puts += 1;
    await this.answer(signal);
    const body = await readFile(file).catch((cause: unknown) => {
      throw new StoreUnavailableError('the file cannot be read', { cause });
    });
    const hash = createHash('sha256').update(body).digest('hex');
    if (body.length !== bytes || hash !== sha256)
      throw new BrokenBodyError('the store received other bytes than announced');
    if (!replace && this.objects.has(key)) return 'exists';
    const info = { key, bytes, contentType, metadata, lastModified: new Date() };
    this.objects.set(key, { info, bytes: body });
    return 'stored';
  }

  async get(key: string, signal: AbortSignal): Promise<Readable> {
    await this.answer(signal);
    return Readable.from([this.find(key).bytes]);
  }

  private find(key: string) {
    const object = this.objects.get(key);
    if (object === undefined) throw new StoreRefusedError('the object does not exist');
    return object;
  }

  private async answer(signal: AbortSignal, { needsBucket = true } = {}): Promise<void> {
    await Promise.resolve();
    if (this.trouble === 'hanging' && !signal.aborted) await once(signal, 'abort');
    if (signal.aborted || this.trouble === 'away') throw new StoreUnavailableError('the store is unavailable');
    if (this.trouble === 'refusing') throw new StoreRefusedError('the store refuses');
    if (needsBucket && !this.hasBucket) throw new BucketMissingError('the bucket does not exist');
  }
}
