import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const SALT_BYTES = 16;
const HASH_BYTES = 32;
const hashOf = promisify(scrypt) as (material: string, salt: Buffer, bytes: number) => Promise<Buffer>;

/**
 * Remembers, in a file beside the spool, with which settings Kafka was reached last. A restart during an outage can then be told
 * from a start with wrong settings. The file holds a salted hash only: the settings contain secrets.
 */
export class VerifiedSettings {
  private isMarked = false;

  /** @param material everything that decides whether Kafka lets us in, secrets included. */
  constructor(
    private readonly file: string,
    private readonly material: string,
  ) {}

  /** Whether the settings equal those of the last success; false when there was none, or the file cannot be read. */
  async areVerified(): Promise<boolean> {
    try {
      const { salt, hash } = JSON.parse(await readFile(this.file, 'utf8')) as { salt: string; hash: string };
      const actual = await hashOf(this.material, Buffer.from(salt, 'base64'), HASH_BYTES);
      return timingSafeEqual(actual, Buffer.from(hash, 'base64'));
    } catch {
      return false;
    }
  }

  /** Notes a success, once per process. @throws Error when the file cannot be written. */
  async mark(): Promise<void> {
    if (this.isMarked) return;
    this.isMarked = true;
    if (await this.areVerified()) return;
    const salt = randomBytes(SALT_BYTES);
    const hash = await hashOf(this.material, salt, HASH_BYTES);
    await mkdir(dirname(this.file), { recursive: true });
    const written = `${this.file}.${process.pid}`;
    await writeFile(written, JSON.stringify({ salt: salt.toString('base64'), hash: hash.toString('base64') }), {
      mode: 0o600,
    });
    await rename(written, this.file);
  }
}
