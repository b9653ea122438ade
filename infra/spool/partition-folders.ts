import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** The streams of a worker's folder; each has a spool. */
export const STREAMS = ['events', 'dead-letter'] as const;
export type SpoolStream = (typeof STREAMS)[number];

/**
 * The keys of one partition, by the number of partitions that the topic had: a spool of its own holds their records while that partition is
 * in trouble and the others are not.
 */
export type PartitionId = { readonly partition: number; readonly of: number };

/** `events`, or `events.3-of-6` for the records of one partition. */
const NAME = /^(events|dead-letter)(?:\.(\d+)-of-(\d+))?$/;

export type StreamFolder = {
  readonly name: string;
  readonly stream: SpoolStream;
  /** Undefined for the folder of all partitions. */
  readonly id: PartitionId | undefined;
};

export function partitionFolder(stream: SpoolStream, { partition, of }: PartitionId): string {
  return `${stream}.${partition}-of-${of}`;
}

/**
 * The folders of spools in a worker's folder; those of the streams even if they do not exist yet. Those of partitions come first: their
 * records are older than the partition's records in the folder of the stream.
 * @throws Error of the file system.
 */
export function streamFolders(dir: string): StreamFolder[] {
  const partitions = readdirSync(dir).flatMap((entry) => {
    const folder = parseStreamFolder(entry);
    return folder?.id === undefined ? [] : [folder];
  });
  return [...partitions, ...STREAMS.map((name) => ({ name, stream: name, id: undefined }))];
}

/** What a folder of this name holds; `undefined` if it is none of a spool. */
export function parseStreamFolder(name: string): StreamFolder | undefined {
  const [, stream, partition, of] = NAME.exec(name) ?? [];
  if (stream === undefined) return undefined;
  const id = partition === undefined ? undefined : { partition: Number(partition), of: Number(of) };
  return { name, stream: stream as SpoolStream, id };
}

/** Removes the folders of partitions that hold nothing any more. */
export function removeEmptyPartitionFolders(dir: string): void {
  for (const { name, id } of streamFolders(dir)) {
    if (id === undefined) continue;
    try {
      rmdirSync(join(dir, name));
    } catch {
      // It holds a segment, or a file that was kept aside.
    }
  }
}
