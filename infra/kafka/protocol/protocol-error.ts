import { asksFor, ERROR_CODES } from './error-codes.js';

/** An error code in a broker's response. {@link asksFor} and `reactionTo` tell what to do about it. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  /** @param doing what the broker was asked for, with topic and partition: `writing to session.events, partition 3`. */
  constructor(
    readonly code: number,
    doing?: string,
  ) {
    const known = ERROR_CODES.get(code);
    const answer = known === undefined ? `error code ${code}` : `${known.name} (error code ${code}: ${known.meaning})`;
    super(`${doing === undefined ? '' : `${doing}: `}Kafka answered ${answer}`);
  }
}

/** Whether the broker rejects the records themselves, so that sending them again is useless. */
export function refusesRecords(error: unknown): boolean {
  return asksFor(error, 'refuse records');
}
