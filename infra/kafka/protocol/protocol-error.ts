/** An error code with which a broker has answered. Names stand in the Apache Kafka protocol guide, "Error Codes". */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(readonly code: number) {
    super(`Kafka answered with error code ${code}${NAMES[code] === undefined ? '' : ` (${NAMES[code]})`}`);
  }
}

/** Those that a producer meets, and who asks for a group's offset. */
const NAMES: Readonly<Record<number, string>> = {
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  10: 'MESSAGE_TOO_LARGE',
  18: 'RECORD_LIST_TOO_LARGE',
  14: 'COORDINATOR_LOAD_IN_PROGRESS',
  15: 'COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR',
  19: 'NOT_ENOUGH_REPLICAS',
  20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  30: 'GROUP_AUTHORIZATION_FAILED',
  45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  47: 'INVALID_PRODUCER_EPOCH',
  56: 'KAFKA_STORAGE_ERROR',
  59: 'UNKNOWN_PRODUCER_ID',
  87: 'INVALID_RECORD',
  88: 'UNSTABLE_OFFSET_COMMIT',
  90: 'PRODUCER_FENCED',
};

/** The codes that say: these very records, however often they are sent; one of them may be at fault, and the others not. */
const REFUSALS: ReadonlySet<number> = new Set([10, 18, 87]);

/** Whether the broker refuses the records, and not the moment. */
export function refusesRecords(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ProtocolError && REFUSALS.has(cause.code)) return true;
  }
  return false;
}
