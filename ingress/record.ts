/** A request body to be kept, with the metadata that travels with it. */
export type IncomingRecord = {
  /** `events`: a valid event; `dead-letter`: any other body. */
  readonly stream: 'events' | 'dead-letter';
  /** The session id, if the body contains a readable one. Records with the same key stay in order. */
  readonly key: string | null;
  /** The bytes of the request, unchanged. The receiver may keep a reference. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};

/** Where a record is durable. `kafka`: on all in-sync replicas; `spool`: fsynced on this machine, to be sent to Kafka later. */
export type StoragePlace = 'kafka' | 'spool';

export type StoreOutcome =
  | { readonly kind: 'stored'; readonly place: StoragePlace }
  /** Kafka will never take the record. Its bytes are durable as a dead letter, cut if even that topic does not take them all. */
  | { readonly kind: 'rejected'; readonly isTooLarge: boolean }
  /** Not durable anywhere in time. The record may still reach Kafka: a refused event may be processed, an accepted one is never lost. */
  | { readonly kind: 'refused'; readonly reason: string };
