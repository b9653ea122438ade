import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewObject, ObjectStore } from '../../../infra/object-store/object-store.js';
import {
  BrokenBodyError,
  BucketMissingError,
  StoreRefusedError,
  StoreUnavailableError,
} from '../../../infra/object-store/store-errors.js';

const FIRST = { replace: false };
const REPLACE = { replace: true };

/** The behaviour of a store that the archive relies on. @param create opens a bucket that does not exist yet. */
export function objectStoreContract(name: string, create: () => ObjectStore): void {
  describe(`${name} as an object store`, () => {
    let store: ObjectStore;
    const { signal } = new AbortController();
    const dir = mkdtempSync(join(tmpdir(), 'object-store-test-'));
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    function fileOf(key: string, bytes: Buffer): NewObject {
      const file = join(dir, randomBytes(8).toString('hex'));
      writeFileSync(file, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const metadata = { 'session-id': 's/1 a', sha256 };
      return { key, file, bytes: bytes.length, sha256, contentType: 'audio/wav', metadata };
    }

    beforeAll(async () => {
      store = create();
      const early = fileOf('early.wav', Buffer.from('x'));
      await expect(store.putFile(early, FIRST, signal)).rejects.toBeInstanceOf(BucketMissingError);
      await expect(store.findByPrefix('a', signal)).rejects.toBeInstanceOf(BucketMissingError);
      await Promise.all([store.ensureBucket(signal), store.ensureBucket(signal)]);
      await store.ensureBucket(signal);
    });

    it('returns a stored object with its type and metadata', async () => {
      const bytes = randomBytes(3_000_000);
      const object = fileOf('p/2026/05/03/s-1.wav', bytes);
      const before = Date.now();
      expect(await store.putFile(object, FIRST, signal)).toBe('stored');
      const info = await store.stat(object.key, signal);
      expect(info).toMatchObject({ key: object.key, bytes: bytes.length, contentType: 'audio/wav' });
      expect(info?.metadata).toMatchObject({ 'session-id': 's/1 a', sha256: object.sha256 });
      expect(Math.abs((info?.lastModified.getTime() ?? 0) - before)).toBeLessThan(60_000);
      expect((await buffer(await store.get(object.key, signal))).equals(bytes)).toBe(true);
    });

    it.each(['a%2Fb/2026/05/03/%2E%2E%20c%25.', "p/2026/05/03/!~*'()-_.1."])(
      'uses the key %swav literally',
      async (stem) => {
        const object = fileOf(`${stem}wav`, Buffer.from('literal'));
        await store.putFile(object, FIRST, signal);
        const found = await store.findByPrefix(stem, signal);
        expect(found.map(({ key }) => key)).toEqual([object.key]);
        expect((await store.stat(object.key, signal))?.bytes).toBe(7);
      },
    );

    it('finds objects by prefix, and reports missing ones', async () => {
      for (const key of ['find/s-1.wav', 'find/s-1.mp3', 'find/s-10.wav']) {
        await store.putFile(fileOf(key, Buffer.from(key)), FIRST, signal);
      }
      const found = await store.findByPrefix('find/s-1.', signal);
      expect(found.map(({ key }) => key)).toEqual(['find/s-1.mp3', 'find/s-1.wav']);
      expect(found[0]?.metadata['session-id']).toBe('s/1 a');
      expect(await store.findByPrefix('find/none.', signal)).toEqual([]);
      expect(await store.stat('find/none.wav', signal)).toBeUndefined();
      await expect(store.get('find/none.wav', signal)).rejects.toBeInstanceOf(StoreRefusedError);
    });

    it('keeps an existing object unless told to replace it, also when calls overlap', async () => {
      const [one, other] = [fileOf('twice.wav', Buffer.from('one')), fileOf('twice.wav', Buffer.from('other'))];
      const answers = await Promise.all([store.putFile(one, FIRST, signal), store.putFile(other, FIRST, signal)]);
      expect([...answers].sort()).toEqual(['exists', 'stored']);
      const stored = answers[0] === 'stored' ? one : other;
      expect((await store.stat('twice.wav', signal))?.metadata['sha256']).toBe(stored.sha256);
      expect(await store.putFile(other, FIRST, signal)).toBe('exists');
      expect(await store.putFile(other, REPLACE, signal)).toBe('stored');
      expect((await store.stat('twice.wav', signal))?.bytes).toBe(5);
    });

    it('stores no object with other bytes than announced', async () => {
      const object = fileOf('broken.wav', randomBytes(1_000_000));
      writeFileSync(object.file, randomBytes(1_000_000));
      await expect(store.putFile(object, FIRST, signal)).rejects.toBeInstanceOf(BrokenBodyError);
      expect(await store.findByPrefix('broken', signal)).toEqual([]);
    });

    it('fails and stores no object when the file is missing', async () => {
      const object = fileOf('gone.wav', randomBytes(1_000));
      rmSync(object.file);
      await expect(store.putFile(object, FIRST, signal)).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(await store.stat('gone.wav', signal)).toBeUndefined();
    });

    it('fails and stores no object when it is aborted or the file is too short', async () => {
      const stop = new AbortController();
      const object = fileOf('broken-off.wav', randomBytes(8_000_000));
      const put = store.putFile(object, FIRST, stop.signal);
      stop.abort();
      await expect(put).rejects.toBeInstanceOf(StoreUnavailableError);
      truncateSync(object.file, 5_000_000);
      await expect(store.putFile(object, FIRST, signal)).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(await store.stat('broken-off.wav', signal)).toBeUndefined();
    });
  });
}
