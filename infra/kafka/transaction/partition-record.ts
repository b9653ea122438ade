/** A record to write to one partition. A `null` value is a tombstone. */
export type PartitionRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
};
