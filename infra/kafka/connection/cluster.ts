import type { Kafka } from 'kafkajs';
import { withTimeout } from '../../async/timeout.js';

/** A request as kafkajs sends it: it adds size, correlation id and client id, and gives the bytes of the answer to `decode`. */
export type ProtocolRequest<T> = {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<object>;
    readonly parse: (decoded: object) => Promise<T>;
  };
  readonly requestTimeout?: number;
  readonly logResponseError?: boolean;
};

/** A broker of {@link Cluster}: the connection, authenticated, on which requests are answered in the order that they were sent. */
export type Broker = {
  readonly connectionPool: { readonly send: <T>(request: ProtocolRequest<T>) => Promise<T> };
  readonly initProducerId: (args: {
    readonly transactionalId: string | undefined;
    readonly transactionTimeout: number;
  }) => Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  readonly addPartitionsToTxn: (
    args: TransactionOwner & {
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
    },
  ) => Promise<unknown>;
  readonly addOffsetsToTxn: (args: TransactionOwner & { readonly groupId: string }) => Promise<unknown>;
  readonly txnOffsetCommit: (
    args: TransactionOwner & {
      readonly groupId: string;
      readonly topics: readonly {
        readonly topic: string;
        readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
      }[];
    },
  ) => Promise<unknown>;
  readonly endTxn: (args: TransactionOwner & { readonly transactionResult: boolean }) => Promise<unknown>;
};

export type TransactionOwner = {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
};

export const GROUP_COORDINATOR = 0;
export const TRANSACTION_COORDINATOR = 1;

export type PartitionLeader = { readonly partitionId: number; readonly leader: number };

/** The part of kafkajs below its producer: connections with TLS and SASL, metadata, one broker by its id. */
export type Cluster = {
  readonly connect: () => Promise<void>;
  /** Never settles while a request is in flight. */
  readonly disconnect: () => Promise<void>;
  /** Loads the topics' metadata. @throws Error when a topic has a partition without a leader. */
  readonly addMultipleTargetTopics: (topics: readonly string[]) => Promise<void>;
  readonly findTopicPartitionMetadata: (topic: string) => readonly PartitionLeader[];
  readonly findBroker: (id: { readonly nodeId: number }) => Promise<Broker>;
  readonly findControllerBroker: () => Promise<Broker>;
  readonly refreshMetadata: () => Promise<void>;
  /** First offsets, or ends, by topic. */
  readonly fetchTopicsOffset: (
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning: boolean;
    }[],
  ) => Promise<readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>;
  readonly findGroupCoordinator: (args: {
    readonly groupId: string;
    readonly coordinatorType: typeof GROUP_COORDINATOR | typeof TRANSACTION_COORDINATOR;
  }) => Promise<Broker>;
};

type CreateCluster = (options: {
  readonly metadataMaxAge: number;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: number | null;
}) => Cluster;

const METADATA_MAX_AGE_MS = 300_000;

/**
 * What `use` makes of a new cluster, which is closed again when that fails or takes longer than `timeoutMs`.
 * @throws Error of `use`, or that it was given up: wait a little and open again.
 */
export async function openCluster<T>(
  kafka: Kafka,
  timeoutMs: number,
  what: string,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = createCluster(kafka);
  const opening = cluster.connect().then(() => use(cluster));
  try {
    return await withTimeout(opening, timeoutMs, what);
  } catch (error) {
    void closeCluster(cluster, [opening]);
    throw error;
  }
}

/** Closes the connections once what is under way has settled: a disconnect with a request in flight would never settle. */
export async function closeCluster(cluster: Cluster, underWay: Iterable<Promise<unknown>>): Promise<void> {
  await Promise.allSettled(underWay);
  await cluster.disconnect().catch(() => undefined);
}

/**
 * A cluster of its own with the settings of a client, as each producer and consumer of kafkajs has one.
 *
 * kafkajs 2.2.4, which is pinned, keeps its maker behind a symbol. Its own producer encodes at ten times the cost, allows one request
 * in flight when it is idempotent, cannot leave its retries be, and takes twice the round trips for a transaction. Of its own consumer
 * see `PartitionFetcher`.
 */
function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) throw new Error('this version of kafkajs is not the one that package.json pins');
  const create = (kafka as unknown as Record<symbol, CreateCluster>)[symbol] as CreateCluster;
  return create({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
  });
}
