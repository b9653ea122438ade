import type { Kafka } from 'kafkajs';
import type { Clock } from '../../async/clock.js';
import { withTimeout } from '../../async/timeout.js';
import type { ProtocolRequest } from '../protocol/protocol-request.js';

/** A broker of a {@link Cluster}, on an authenticated connection. It answers requests in the order in which they were sent. */
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

/** The part of kafkajs below its producer and consumer: connections with TLS and SASL, metadata, brokers by their ids. */
export type Cluster = {
  readonly connect: () => Promise<void>;
  /** Never settles while a request is in flight. */
  readonly disconnect: () => Promise<void>;
  /** Loads the topics' metadata. */
  readonly addMultipleTargetTopics: (topics: readonly string[]) => Promise<void>;
  /** A partition without a leader has `NO_LEADER`. */
  readonly findTopicPartitionMetadata: (topic: string) => readonly PartitionLeader[];
  readonly findBroker: (id: { readonly nodeId: number }) => Promise<Broker>;
  readonly findControllerBroker: () => Promise<Broker>;
  readonly refreshMetadata: () => Promise<void>;
  /** First offsets, or end offsets, of partitions by topic, without partitions that have no leader. */
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

export type OpenClusterOptions = {
  readonly timeoutMs: number;
  /** What the connection is opened for, for the error message. */
  readonly doing: string;
  readonly clock: Clock;
};

/**
 * Opens a new cluster and returns the result of `use`. Closes the cluster again when that fails or takes too long.
 * @throws TimeoutError, or the error of connecting or of `use`: wait a little and open again.
 */
export async function openCluster<T>(
  kafka: Kafka,
  { timeoutMs, doing, clock }: OpenClusterOptions,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = createCluster(kafka);
  const opening = cluster.connect().then(() => use(cluster));
  try {
    return await withTimeout(opening, timeoutMs, doing, clock);
  } catch (error) {
    void closeCluster(cluster, [opening]);
    throw error;
  }
}

/** Closes the connections once everything in flight has settled: a disconnect with a request in flight would never settle. */
export async function closeCluster(cluster: Cluster, inFlight: Iterable<Promise<unknown>>): Promise<void> {
  await Promise.allSettled(inFlight);
  await cluster.disconnect().catch(() => undefined);
}

/**
 * Creates a cluster with the settings of a client, as each kafkajs producer and consumer does for itself.
 *
 * kafkajs 2.2.4 keeps the function behind a symbol. Its own producer encodes at ten times the cost, allows one request in flight when it is
 * idempotent, always retries, and needs twice the round trips for a transaction. `PartitionFetcher` says why its consumer is not used.
 */
function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) throw new Error('unsupported version of kafkajs: install the one that package.json pins');
  const create = (kafka as unknown as Record<symbol, CreateCluster>)[symbol] as CreateCluster;
  return create({
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
  });
}
