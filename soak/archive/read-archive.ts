import { readFileSync } from 'node:fs';
import { validateSessionEvent } from '../../schemas/validators.js';
import { decodeWire } from '../../schemas/wire-format.js';
import { readWithJava } from '../oracle/java-consumer.js';
import type { Bucket } from '../../lab/bucket.js';
import type { FoundObject, FoundOutcome } from './check-archive.js';

/** Content of the log, as read by the Java consumer. */
export type ReadLog = {
  readonly outcomes: readonly FoundOutcome[];
  /** When each session's recording.ready reached Kafka for the first time (ms since the epoch). */
  readonly readyAt: ReadonlyMap<string, number>;
  /** Sessions of other records that contain the secret of a link. */
  readonly leaks: readonly string[];
};

/**
 * Reads `session.events`. Nobody may write meanwhile.
 *
 * @param count number of records in the topic.
 * @param secret may appear only in the vendor's own records.
 */
export async function readLog(
  brokers: string,
  topic: string,
  count: number,
  secret: string,
  signal: AbortSignal,
): Promise<ReadLog> {
  const outcomes: FoundOutcome[] = [];
  const readyAt = new Map<string, number>();
  const leaks: string[] = [];
  await readWithJava(
    brokers,
    topic,
    ({ key, value, timestamp, headers }) => {
      const json = decodeWire(value ?? Buffer.alloc(0))?.json.toString() ?? 'null';
      const verdict = validateSessionEvent(JSON.parse(json));
      if (verdict.kind === 'invalid') throw new Error(`a record of session ${key} violates the schema`);
      const { event } = verdict;
      if (event.event === 'recording.ready') {
        if (!readyAt.has(key)) readyAt.set(key, timestamp);
        return;
      }
      if (`${json}${JSON.stringify(headers)}`.includes(secret)) leaks.push(key);
      if (event.event === 'recording.archived' || event.event === 'recording.failed') outcomes.push(event);
    },
    signal,
    count,
  );
  return { outcomes, readyAt, leaks };
}

/** Reads all objects of a bucket and hashes their bytes. */
export async function readObjects(bucket: Bucket): Promise<FoundObject[]> {
  const objects: FoundObject[] = [];
  for (const { key, bytes, sha256 } of await bucket.readAll()) {
    objects.push({ key, bytes, sha256, metadata: await bucket.metadata(key) });
  }
  return objects;
}

/** The files that contain the secret. */
export function filesWith(secret: string, files: readonly string[]): string[] {
  return files.filter((file) => readFileSync(file).includes(secret));
}
