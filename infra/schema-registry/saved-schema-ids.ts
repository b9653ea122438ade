import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Subject } from '../../schemas/topics.js';

/**
 * Schema ids that a registry has given, kept in a file so that a program can start while the registry is unavailable.
 * An id counts for the same registry, subject and schema only.
 */
export class SavedSchemaIds {
  constructor(
    private readonly file: string,
    private readonly registryUrl: string,
  ) {}

  /** The saved id; `undefined` when there is none, or the file cannot be read. */
  async read(subject: Subject): Promise<number | undefined> {
    const id = (await this.load())[this.key(subject)];
    return Number.isInteger(id) ? id : undefined;
  }

  /** @throws Error when the file cannot be written: log it; nothing but the next start depends on it. */
  async save(subject: Subject, id: number): Promise<void> {
    const ids = await this.load();
    if (ids[this.key(subject)] === id) return;
    await mkdir(dirname(this.file), { recursive: true });
    const written = `${this.file}.${process.pid}`;
    await writeFile(written, `${JSON.stringify({ ...ids, [this.key(subject)]: id }, null, 2)}\n`);
    await rename(written, this.file);
  }

  private async load(): Promise<Readonly<Record<string, number>>> {
    try {
      const ids: unknown = JSON.parse(await readFile(this.file, 'utf8'));
      return typeof ids === 'object' && ids !== null ? (ids as Record<string, number>) : {};
    } catch {
      return {};
    }
  }

  private key({ name, schema }: Subject): string {
    const fingerprint = createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
    return `${this.registryUrl} ${name} ${fingerprint}`;
  }
}
