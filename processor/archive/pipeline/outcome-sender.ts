/** A record of `session.events` that says how a recording settled. */
export type OutcomeRecord = {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};

/** Where outcomes go: `EventProducer` of infra/kafka in the program, a list in tests. */
export type OutcomeSender = {
  /** Resolves when all in-sync replicas have the record. @throws Error otherwise: it may be in the log or not; send it again. */
  send(record: OutcomeRecord): Promise<void>;
};
