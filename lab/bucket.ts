import { createHash } from 'node:crypto';
import type { StackEndpoints } from '../dev/local-stack/endpoints.js';
import { MinioClients } from '../infra/object-store/minio-clients.js';

/** An object as the store lists it. */
export type ListedObject = { readonly key: string; readonly bytes: number; readonly storedAt: Date };
export type StoredObject = ListedObject & { readonly sha256: string };

const MAX_CONCURRENT_READS = 4;
const { signal } = new AbortController();

/** A bucket, with all that a check of its objects needs. */
export class Bucket {
  private readonly clients: MinioClients;

  constructor(
    { S3_ENDPOINT: endpoint, S3_REGION: region, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey }: StackEndpoints,
    readonly name: string,
  ) {
    this.clients = new MinioClients({ endpoint, region, accessKey, secretKey });
  }

  async make(): Promise<void> {
    await this.clients.for(signal).makeBucket(this.name);
  }

  async list(): Promise<ListedObject[]> {
    const objects: ListedObject[] = [];
    for await (const item of this.clients.for(signal).listObjectsV2(this.name, '', true)) {
      const { name, size, lastModified } = item as { name: string; size: number; lastModified: Date };
      objects.push({ key: name, bytes: size, storedAt: lastModified });
    }
    return objects;
  }

  /** Reads all objects. `sha256` and `bytes` describe the bytes that were read. */
  async readAll(): Promise<StoredObject[]> {
    const waiting = await this.list();
    const read: StoredObject[] = [];
    const readNext = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        read.push({ ...next, ...(await this.read(next.key)) });
      }
    };
    await Promise.all(Array.from({ length: MAX_CONCURRENT_READS }, readNext));
    return read;
  }

  /** User metadata, with lower-case names. */
  async metadata(key: string): Promise<Readonly<Record<string, string>>> {
    return (await this.clients.for(signal).statObject(this.name, key)).metaData;
  }

  /** Empties and removes the bucket; does nothing if it does not exist. */
  async remove(): Promise<void> {
    const client = this.clients.for(signal);
    if (!(await client.bucketExists(this.name))) return;
    const keys = (await this.list()).map(({ key }) => key);
    await client.removeObjects(this.name, keys);
    await client.removeBucket(this.name);
  }

  private async read(key: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of await this.clients.for(signal).getObject(this.name, key)) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    return { bytes, sha256: hash.digest('hex') };
  }
}
