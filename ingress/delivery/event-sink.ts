/** What the ingress keeps of a request. */
export type IncomingRecord = {
  /** `events`: a valid event; `dead-letter`: a body that is not one. */
  readonly stream: 'events' | 'dead-letter';
  /** The session id, if the body tells it. Records with the same key stay in order. */
  readonly key: string | null;
  /** The bytes of the request, unchanged. The store may keep a reference. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};

/** Where a record was made durable: `kafka` has it on all in-sync replicas; `spool`: fsynced on this machine, to reach Kafka later. */
export type StoragePlace = 'kafka' | 'spool';

export type StoreOutcome =
  | { readonly kind: 'stored'; readonly place: StoragePlace }
  /** Nowhere durable in time. It may turn up in Kafka all the same, so the sender may see a refused event processed, never the reverse. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Where the bytes of a request go before it is answered. Nothing is answered 202, 400 or 422 unless `stored`. */
export type DurableStore = {
  /** Calls `settle` once, when the record is durable or cannot be made so in time. Not a promise: several an event would cost more than its JSON. */
  readonly store: (record: IncomingRecord, settle: (outcome: StoreOutcome) => void) => void;
  /** `undefined` while a record can be stored, else what is missing. */
  readonly notReady: () => string | undefined;
  /** Records that wait to be stored. */
  readonly pending: () => number;
  /** Stores what waits, and takes no more. */
  readonly close: () => Promise<void>;
};
