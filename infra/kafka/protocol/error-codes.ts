/**
 * The reaction that an error code asks for.
 * - `repeat`: the broker has done nothing yet. Send the same request to the same broker again, after a delay.
 * - `find leader`, `find coordinator`, `find controller`: as `repeat`, but to the broker that has the role now.
 * - `reconnect`: the outcome is unknown. Start over with new connections and metadata.
 * - `seek`: the position is not in the log. Read from another one.
 * - `refuse records`: the broker rejects these records however often they are sent. One of them may be at fault and the others not.
 * - `new producer`: the producer id is unusable. Initialise a new one, which also ends the open transaction.
 * - `fenced`: another producer owns the transactional id. Drop everything built on the ownership.
 * - `rejoin`: the group has moved on. Join it again.
 * - `operator`: rights, quotas, topics or settings must change first.
 * - `fail`: a bug, or a request that this broker does not understand. Do not repeat it.
 */
export type Reaction =
  | 'repeat'
  | 'find leader'
  | 'find coordinator'
  | 'find controller'
  | 'reconnect'
  | 'seek'
  | 'refuse records'
  | 'new producer'
  | 'fenced'
  | 'rejoin'
  | 'operator'
  | 'fail';

export type ErrorCode = {
  readonly code: number;
  readonly name: string;
  /** As the protocol guide says. `reaction` is what this program does: some retriable errors do not go away within its time limits. */
  readonly retriable: boolean;
  readonly reaction: Reaction;
  readonly meaning: string;
};

const YES = true;
const NO = false;

/**
 * Every code that a broker can send to a producer, consumer, transaction or admin client: code, retriable, reaction, meaning.
 * Source of names, `retriable` and meanings: "Error Codes" in the Apache Kafka 4 protocol guide. Codes that only brokers, controllers
 * and share groups exchange are left out.
 */
const TABLE = {
  UNKNOWN_SERVER_ERROR: [-1, NO, 'fail', 'unexpected error in the broker, see its log'],
  OFFSET_OUT_OF_RANGE: [1, NO, 'seek', 'the offset is not in the log'],
  CORRUPT_MESSAGE: [
    2,
    YES,
    'fail',
    'checksum or size of a record is wrong, or its key is missing on a compacted topic',
  ],
  UNKNOWN_TOPIC_OR_PARTITION: [3, YES, 'find leader', 'the broker does not host the partition'],
  INVALID_FETCH_SIZE: [4, NO, 'fail', 'the requested fetch size is invalid'],
  LEADER_NOT_AVAILABLE: [5, YES, 'find leader', 'the partition has no leader, an election is under way'],
  NOT_LEADER_OR_FOLLOWER: [6, YES, 'find leader', 'the broker is not the leader of the partition'],
  REQUEST_TIMED_OUT: [7, YES, 'reconnect', 'the broker did not complete the request in time'],
  BROKER_NOT_AVAILABLE: [8, NO, 'find leader', 'the broker is not available'],
  REPLICA_NOT_AVAILABLE: [9, YES, 'find leader', 'the broker has no replica of the partition'],
  MESSAGE_TOO_LARGE: [10, NO, 'refuse records', 'larger than max.message.bytes of the topic'],
  OFFSET_METADATA_TOO_LARGE: [12, NO, 'fail', 'metadata of the committed offset is too large'],
  NETWORK_EXCEPTION: [13, YES, 'reconnect', 'the connection was lost before the response'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, YES, 'repeat', 'the coordinator is loading its state'],
  COORDINATOR_NOT_AVAILABLE: [15, YES, 'find coordinator', 'the coordinator is not available'],
  NOT_COORDINATOR: [16, YES, 'find coordinator', 'the broker is not the coordinator'],
  INVALID_TOPIC_EXCEPTION: [17, NO, 'operator', 'the topic name is invalid'],
  RECORD_LIST_TOO_LARGE: [18, NO, 'refuse records', 'the batch is larger than a log segment'],
  NOT_ENOUGH_REPLICAS: [19, YES, 'repeat', 'fewer in-sync replicas than min.insync.replicas, nothing was written'],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, YES, 'reconnect', 'written, but to fewer replicas than min.insync.replicas'],
  INVALID_REQUIRED_ACKS: [21, NO, 'fail', 'invalid value of acks'],
  ILLEGAL_GENERATION: [22, NO, 'rejoin', 'the group has a newer generation'],
  INCONSISTENT_GROUP_PROTOCOL: [23, NO, 'operator', 'members of the group support different protocols'],
  INVALID_GROUP_ID: [24, NO, 'operator', 'the group id is invalid'],
  UNKNOWN_MEMBER_ID: [25, NO, 'rejoin', 'the coordinator does not know the member'],
  INVALID_SESSION_TIMEOUT: [26, NO, 'operator', 'the session timeout is outside the range that the broker allows'],
  REBALANCE_IN_PROGRESS: [27, NO, 'rejoin', 'the group is rebalancing'],
  INVALID_COMMIT_OFFSET_SIZE: [28, NO, 'fail', 'the committed offset is too large'],
  TOPIC_AUTHORIZATION_FAILED: [29, NO, 'operator', 'no right to use the topic'],
  GROUP_AUTHORIZATION_FAILED: [30, NO, 'operator', 'no right to use the group'],
  CLUSTER_AUTHORIZATION_FAILED: [31, NO, 'operator', 'no right to use the cluster'],
  INVALID_TIMESTAMP: [32, NO, 'operator', 'the timestamp is outside the range that the topic accepts'],
  UNSUPPORTED_SASL_MECHANISM: [33, NO, 'operator', 'the broker does not support the SASL mechanism'],
  ILLEGAL_SASL_STATE: [34, NO, 'operator', 'the request does not fit the state of the authentication'],
  UNSUPPORTED_VERSION: [35, NO, 'fail', 'the broker does not support this version of the request'],
  TOPIC_ALREADY_EXISTS: [36, NO, 'fail', 'the topic exists already'],
  INVALID_PARTITIONS: [37, NO, 'operator', 'invalid number of partitions'],
  INVALID_REPLICATION_FACTOR: [38, NO, 'operator', 'replication factor below 1 or above the number of brokers'],
  INVALID_REPLICA_ASSIGNMENT: [39, NO, 'operator', 'invalid assignment of replicas'],
  INVALID_CONFIG: [40, NO, 'operator', 'invalid configuration'],
  NOT_CONTROLLER: [41, YES, 'find controller', 'the broker is not the controller'],
  INVALID_REQUEST: [42, NO, 'fail', 'malformed request, or an incompatible broker'],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, NO, 'operator', 'the message format of the broker does not support the request'],
  POLICY_VIOLATION: [44, NO, 'operator', 'a policy of the cluster forbids the request'],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, NO, 'new producer', 'a batch of the producer is missing before this one'],
  DUPLICATE_SEQUENCE_NUMBER: [46, NO, 'new producer', 'the broker has a batch with this sequence number already'],
  INVALID_PRODUCER_EPOCH: [47, NO, 'fenced', 'a producer with a newer epoch has taken over'],
  INVALID_TXN_STATE: [48, NO, 'new producer', 'the transaction is in a state that does not allow the request'],
  INVALID_PRODUCER_ID_MAPPING: [49, NO, 'fenced', 'the transactional id belongs to another producer id'],
  INVALID_TRANSACTION_TIMEOUT: [50, NO, 'operator', 'longer than transaction.max.timeout.ms of the broker'],
  CONCURRENT_TRANSACTIONS: [51, YES, 'repeat', 'the previous transaction is still being completed'],
  TRANSACTION_COORDINATOR_FENCED: [52, NO, 'new producer', 'the transaction coordinator has been replaced'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, NO, 'operator', 'no right to use the transactional id'],
  SECURITY_DISABLED: [54, NO, 'operator', 'security features are disabled on the broker'],
  OPERATION_NOT_ATTEMPTED: [55, NO, 'fail', 'not tried, because another operation of the request failed'],
  KAFKA_STORAGE_ERROR: [56, YES, 'reconnect', 'disk error on the broker'],
  LOG_DIR_NOT_FOUND: [57, NO, 'operator', 'the broker does not have this log directory'],
  SASL_AUTHENTICATION_FAILED: [58, NO, 'operator', 'wrong SASL credentials'],
  UNKNOWN_PRODUCER_ID: [59, NO, 'new producer', 'the broker has forgotten the producer'],
  REASSIGNMENT_IN_PROGRESS: [60, NO, 'fail', 'the partition is being reassigned'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, NO, 'operator', 'delegation tokens are disabled'],
  DELEGATION_TOKEN_NOT_FOUND: [62, NO, 'operator', 'the delegation token does not exist'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, NO, 'operator', 'the delegation token belongs to another principal'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, NO, 'operator', 'the connection does not allow delegation tokens'],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, NO, 'operator', 'no right to use the delegation token'],
  DELEGATION_TOKEN_EXPIRED: [66, NO, 'operator', 'the delegation token has expired'],
  INVALID_PRINCIPAL_TYPE: [67, NO, 'operator', 'unsupported type of principal'],
  NON_EMPTY_GROUP: [68, NO, 'operator', 'the group has members'],
  GROUP_ID_NOT_FOUND: [69, NO, 'fail', 'the group does not exist'],
  FETCH_SESSION_ID_NOT_FOUND: [70, YES, 'repeat', 'the broker does not know the fetch session'],
  INVALID_FETCH_SESSION_EPOCH: [71, YES, 'repeat', 'the epoch of the fetch session is invalid'],
  LISTENER_NOT_FOUND: [72, YES, 'find leader', 'the leader has no listener of the kind that the client uses'],
  TOPIC_DELETION_DISABLED: [73, NO, 'operator', 'the broker does not allow topics to be deleted'],
  FENCED_LEADER_EPOCH: [74, YES, 'find leader', 'the partition has a newer leader than the client knows'],
  UNKNOWN_LEADER_EPOCH: [75, YES, 'find leader', 'the broker does not know the new leader yet'],
  UNSUPPORTED_COMPRESSION_TYPE: [76, NO, 'operator', 'the client cannot read the compression type of the partition'],
  OFFSET_NOT_AVAILABLE: [78, YES, 'find leader', 'the new leader has not caught up yet'],
  MEMBER_ID_REQUIRED: [79, NO, 'rejoin', 'the member must join with the id that it was given'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, YES, 'fail', 'the preferred leader is not available'],
  GROUP_MAX_SIZE_REACHED: [81, NO, 'operator', 'the group is full'],
  FENCED_INSTANCE_ID: [82, NO, 'fail', 'another member has the same group.instance.id'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, YES, 'fail', 'no replica can become the leader'],
  ELECTION_NOT_NEEDED: [84, YES, 'fail', 'the partition needs no election'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, NO, 'fail', 'the partition is not being reassigned'],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, NO, 'operator', 'offsets of a topic cannot be deleted while the group reads it'],
  INVALID_RECORD: [87, NO, 'refuse records', 'a record failed the validation of the broker'],
  UNSTABLE_OFFSET_COMMIT: [88, YES, 'repeat', 'an offset of a transaction is still being committed'],
  THROTTLING_QUOTA_EXCEEDED: [89, YES, 'repeat', 'quota exceeded'],
  PRODUCER_FENCED: [90, NO, 'fenced', 'a newer producer has the transactional id'],
  RESOURCE_NOT_FOUND: [91, NO, 'fail', 'the resource does not exist'],
  DUPLICATE_RESOURCE: [92, NO, 'fail', 'the request names a resource twice'],
  UNACCEPTABLE_CREDENTIAL: [93, NO, 'operator', 'the credential does not meet the requirements'],
  INVALID_UPDATE_VERSION: [95, NO, 'fail', 'invalid version of a feature update'],
  FEATURE_UPDATE_FAILED: [96, NO, 'fail', 'features could not be updated'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, NO, 'operator', 'security of the cluster is set up wrongly'],
  UNKNOWN_TOPIC_ID: [100, YES, 'find leader', 'the broker does not host the topic id'],
  INCONSISTENT_TOPIC_ID: [103, YES, 'find leader', 'the topic was recreated under the same name'],
  INCONSISTENT_CLUSTER_ID: [104, NO, 'operator', 'the broker belongs to another cluster'],
  TRANSACTIONAL_ID_NOT_FOUND: [105, NO, 'fail', 'the transactional id does not exist'],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, YES, 'repeat', 'the fetch session mixes topic ids and names'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, NO, 'fail', 'the offset is in tiered storage only'],
  FENCED_MEMBER_EPOCH: [110, NO, 'rejoin', 'the coordinator has fenced the member'],
  UNRELEASED_INSTANCE_ID: [111, NO, 'rejoin', 'another member still uses the instance id'],
  UNSUPPORTED_ASSIGNOR: [112, NO, 'operator', 'the group does not support the assignor'],
  STALE_MEMBER_EPOCH: [113, NO, 'rejoin', 'the epoch of the member is stale'],
  MISMATCHED_ENDPOINT_TYPE: [114, NO, 'operator', 'a controller was addressed as a broker, or the reverse'],
  UNSUPPORTED_ENDPOINT_TYPE: [115, NO, 'operator', 'unsupported type of endpoint'],
  UNKNOWN_SUBSCRIPTION_ID: [117, NO, 'fail', 'unknown subscription of client metrics'],
  TELEMETRY_TOO_LARGE: [118, NO, 'fail', 'client metrics are too large'],
  TRANSACTION_ABORTABLE: [120, NO, 'new producer', 'the transaction failed and must be aborted'],
  INVALID_REGULAR_EXPRESSION: [128, NO, 'fail', 'invalid regular expression'],
  REBOOTSTRAP_REQUIRED: [129, NO, 'reconnect', 'the client must connect to its bootstrap brokers again'],
} as const satisfies Readonly<Record<string, readonly [number, boolean, Reaction, string]>>;

export type ErrorName = keyof typeof TABLE;

export const ERROR_CODES: ReadonlyMap<unknown, ErrorCode> = new Map(
  Object.entries(TABLE).map(([name, [code, retriable, reaction, meaning]]) => [
    code,
    { code, name, retriable, reaction, meaning },
  ]),
);

export function codeOf(name: ErrorName): number {
  return TABLE[name][0];
}

/**
 * The reaction to a broker's error code, or to an error that carries one as `code`, as those of kafkajs do.
 * `undefined` for success, for errors that no broker sent, and for codes that this table does not have.
 */
export function reactionTo(error: unknown): Reaction | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : error;
  return ERROR_CODES.get(code)?.reaction;
}

/** Whether an error, or one of its causes, asks for a reaction. */
export function asksFor(error: unknown, reaction: Reaction): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (reactionTo(cause) === reaction) return true;
  }
  return false;
}

const HARMLESS: ReadonlySet<Reaction | undefined> = new Set([
  'repeat',
  'find leader',
  'find coordinator',
] satisfies Reaction[]);

/** Whether the broker has done nothing yet, so that the same request may be sent again, to it or to whoever has its role now. */
export function hasDoneNothing(error: unknown): boolean {
  return HARMLESS.has(reactionTo(error));
}
