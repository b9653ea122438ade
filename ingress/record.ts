import type { IncomingRecord as SpoolableRecord } from '../infra/spool/record-codec.js';

/** A request body to be kept, in the form in which the spool stores it. */
export type IncomingRecord = SpoolableRecord;

/** Where a record is durable. `kafka`: on all in-sync replicas; `spool`: fsynced on this machine, to be sent to Kafka later. */
export type StoragePlace = 'kafka' | 'spool';

export type StoreOutcome =
  | { readonly kind: 'stored'; readonly place: StoragePlace }
  /** Kafka will never take the record. Its bytes are durable as a dead letter, cut if even that topic does not take them all. */
  | { readonly kind: 'rejected'; readonly isTooLarge: boolean }
  /** Not durable anywhere in time. The record may still reach Kafka: a refused event may be processed, an accepted one is never lost. */
  | { readonly kind: 'refused'; readonly reason: string };
