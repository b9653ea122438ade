/** A record of `session.events` that reports how a recording settled. */
export type OutcomeRecord = {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};
