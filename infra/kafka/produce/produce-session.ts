import type { Kafka } from 'kafkajs';
import { systemClock, type Clock } from '../../async/clock.js';
import { withTimeout } from '../../async/timeout.js';
import type { CompressionType } from '../compression/codec.js';
import { compressor, type Compressor } from '../compression/codecs.js';
import { closeCluster, openCluster, type Broker, type Cluster } from '../connection/cluster.js';
import { NO_LEADER } from '../connection/leaderless-partitions.js';
import { untilSettled } from '../connection/until-settled.js';
import { partitionOfKey } from '../protocol/murmur2.js';
import { produceRequest, type PartitionBatch } from '../protocol/produce-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { RecordBatch, type BatchRecord } from '../protocol/records/record-batch.js';
import { addToSequence } from '../protocol/sequence.js';

/** Why a session cannot write to a partition any more. */
export type PartitionFailure = {
  /** The leader when the session was opened; `NO_LEADER` if there was none. */
  readonly leader: number;
  readonly cause: Error;
};

/** A record and the partition that {@link ProduceSession.partitionFor} has chosen for it. */
export type PartitionedRecord = BatchRecord & { readonly partition: number };

/**
 * Sends batches to one topic, each once, in the order of the calls. The first failure of a partition ends the session for that partition
 * alone: only a new session can write to it again.
 */
export type ProduceSession = {
  /** Number of partitions of the topic. */
  readonly partitions: number;
  /** The partitions that this session cannot write to any more. */
  readonly failed: ReadonlyMap<number, PartitionFailure>;
  /** The partition of the record's key; for a record without a key any partition that has not failed. */
  readonly partitionFor: (record: BatchRecord) => number;
  /** The partition's leader, also of a partition that has failed. */
  readonly leaderOf: (partition: number) => number;
  /**
   * Writes records to partitions of one leader. May be called while earlier calls are in flight: of two records for one partition, the later
   * is in the log only after the earlier. Never rejects.
   *
   * @returns the partitions that have failed: each of their records may be in the log, may still arrive there, or never will.
   *   {@link refusesRecords} tells whether the same records can succeed in a new session. All other records are acknowledged.
   */
  readonly sendTo: (
    leader: number,
    records: readonly PartitionedRecord[],
    timeoutMs: number,
  ) => Promise<ReadonlyMap<number, Error>>;
  /**
   * Writes all records, each to its partition, as {@link sendTo} does.
   * @throws Error of the first partition that has not acknowledged within `timeoutMs`.
   */
  readonly send: (records: readonly BatchRecord[], timeoutMs: number) => Promise<void>;
  /** Returns at once; the connections close when nothing is in flight any more. */
  readonly close: () => void;
};

/** @throws Error when no partition could be reached in time: wait a little and open again. */
export type OpenProduceSession = (topic: string, timeoutMs: number) => Promise<ProduceSession>;

export type ProduceSessionOptions = {
  /** How batches are compressed. Default `none`. */
  readonly compression?: CompressionType;
  readonly clock?: Clock;
};

/**
 * Opens sessions that each have their own idempotent producer id and their own connections.
 * @throws Error when the library of the compression type cannot be loaded.
 */
export function produceSessions(
  kafka: Kafka,
  { compression = 'none', clock = systemClock }: ProduceSessionOptions = {},
): OpenProduceSession {
  const compress = compressor(compression);
  return (topic, timeoutMs) => {
    const options = { timeoutMs, doing: `connecting to Kafka to write to ${topic}`, clock };
    return openCluster(kafka, options, async (cluster) => {
      return new KafkaProduceSession({
        cluster,
        topic,
        clock,
        compressor: compress,
        ...(await prepare(cluster, topic, timeoutMs, clock)),
      });
    });
  };
}

type Partition = {
  readonly id: number;
  readonly leader: number;
  readonly batch: RecordBatch;
  nextSequence: number;
};

type SessionDeps = {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly clock: Clock;
  readonly compressor: Compressor | undefined;
  readonly producer: { readonly id: bigint; readonly epoch: number };
  readonly partitions: readonly Partition[];
  readonly brokers: ReadonlyMap<number, Broker>;
  readonly failed: Map<number, PartitionFailure>;
  /** Connection attempts that may still be in progress. */
  readonly connecting: readonly Promise<unknown>[];
};

const NONE_FAILED: ReadonlyMap<number, Error> = new Map();

/**
 * An idempotent producer without retries, with several requests in flight.
 *
 * The broker accepts a batch only if its sequence number follows the previous one in the partition, so no batch overtakes another: when one
 * is lost, those after it are rejected. Retries are what makes kafkajs's own producer lose acknowledged records (it resets its sequence
 * numbers after a timeout), so this one has none: records are sent again through a new session with a new producer id.
 */
class KafkaProduceSession implements ProduceSession {
  readonly failed: Map<number, PartitionFailure>;
  private readonly inFlight = new Set<Promise<unknown>>();
  private roundRobin = 0;

  constructor(private readonly deps: SessionDeps) {
    this.failed = deps.failed;
    for (const connecting of deps.connecting) void this.track(connecting).catch(() => undefined);
  }

  get partitions(): number {
    return this.deps.partitions.length;
  }

  partitionFor({ key }: BatchRecord): number {
    const { partitions, failed } = this;
    if (key !== null) return partitionOfKey(key, partitions);
    for (let tries = 1; tries < partitions && failed.has(this.roundRobin % partitions); tries += 1)
      this.roundRobin += 1;
    return this.roundRobin++ % partitions;
  }

  leaderOf(partition: number): number {
    return this.deps.partitions[partition]?.leader ?? NO_LEADER;
  }

  async sendTo(
    leader: number,
    records: readonly PartitionedRecord[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<number, Error>> {
    const ended = this.failed.size === 0 ? NONE_FAILED : this.endedOf(records);
    const batches = this.fill(records);
    const sent = batches.map(({ partition }) => partition);
    try {
      const answered = this.track(this.request(leader, batches, timeoutMs));
      const what = `waiting for broker ${leader} to acknowledge a batch for ${this.deps.topic}`;
      const errors = await withTimeout(answered, timeoutMs, what, this.deps.clock);
      for (const [partition, cause] of errors) this.fail(partition, cause);
      return ended.size === 0 ? errors : new Map([...ended, ...errors]);
    } catch (error) {
      // The connection has failed or hangs, so nothing else can be sent to this leader either.
      const cause = error instanceof Error ? error : new Error(String(error));
      for (const { id, leader: led } of this.deps.partitions) if (led === leader) this.fail(id, cause);
      return new Map([...ended, ...sent.map((partition) => [partition, cause] as const)]);
    }
  }

  async send(records: readonly BatchRecord[], timeoutMs: number): Promise<void> {
    const byLeader = new Map<number, PartitionedRecord[]>();
    for (const record of records) {
      const partition = this.partitionFor(record);
      const leader = this.leaderOf(partition);
      const ofLeader = byLeader.get(leader) ?? [];
      ofLeader.push({ ...record, partition });
      byLeader.set(leader, ofLeader);
    }
    const sends = [...byLeader].map(([leader, ofLeader]) => this.sendTo(leader, ofLeader, timeoutMs));
    for (const failed of await Promise.all(sends)) for (const [, cause] of failed) throw cause;
  }

  close(): void {
    const cause = new Error(`the session for ${this.deps.topic} is closed`);
    for (const { id } of this.deps.partitions) this.fail(id, cause);
    void closeCluster(this.deps.cluster, this.inFlight);
  }

  /** Encodes the records of partitions that have not failed. */
  private fill(records: readonly PartitionedRecord[]): PartitionBatch[] {
    const { partitions, topic, producer } = this.deps;
    const filled = new Set<Partition>();
    for (const record of records) {
      const partition = partitions[record.partition] as Partition;
      if (this.failed.size > 0 && this.failed.has(partition.id)) continue;
      if (partition.batch.records === 0) filled.add(partition);
      partition.batch.append(record);
    }
    return [...filled].map((partition) => {
      const { id, batch, nextSequence: firstSequence } = partition;
      partition.nextSequence = addToSequence(firstSequence, batch.records);
      return { topic, partition: id, batch, producer: { ...producer, firstSequence, isTransactional: false } };
    });
  }

  /** @returns the errors of partitions. @throws Error of the connection. */
  private async request(
    leader: number,
    batches: readonly PartitionBatch[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<number, Error>> {
    if (batches.length === 0) return NONE_FAILED;
    const { topic, brokers, clock, compressor } = this.deps;
    const request = produceRequest(batches, { transactionalId: null, timeoutMs, timestamp: clock.now(), compressor });
    for (const { batch } of batches) batch.clear();
    const broker = brokers.get(leader);
    if (broker === undefined) throw new Error(`no connection to broker ${leader}, a leader of ${topic}`);
    const answers = await broker.connectionPool.send(request);
    const errors = new Map<number, Error>();
    for (const { partition } of batches) {
      const errorCode = answers.find((answer) => answer.partition === partition)?.errorCode;
      const place = `${topic}, partition ${partition}`;
      if (errorCode === undefined) errors.set(partition, new Error(`no acknowledgement for ${place}`));
      else if (errorCode !== 0) errors.set(partition, new ProtocolError(errorCode, `writing to ${place}`));
    }
    return errors.size === 0 ? NONE_FAILED : errors;
  }

  /** Errors of the records' partitions that had failed before. */
  private endedOf(records: readonly PartitionedRecord[]): ReadonlyMap<number, Error> {
    const ended = new Map<number, Error>();
    for (const { partition } of records) {
      if (!this.failed.has(partition)) continue;
      ended.set(partition, new Error(`the session for ${this.deps.topic}, partition ${partition}, has ended`));
    }
    return ended;
  }

  private fail(partition: number, cause: Error): void {
    if (!this.failed.has(partition)) this.failed.set(partition, { leader: this.leaderOf(partition), cause });
  }

  /** Keeps the connections open until the work has settled. */
  private track<T>(work: Promise<T>): Promise<T> {
    this.inFlight.add(work);
    void work.catch(() => undefined).then(() => this.inFlight.delete(work));
    return work;
  }
}

/** A leader that cannot be reached costs its own partitions only. @throws Error when no leader can be reached. */
async function prepare(cluster: Cluster, topic: string, timeoutMs: number, clock: Clock) {
  await cluster.addMultipleTargetTopics([topic]);
  const metadata = [...cluster.findTopicPartitionMetadata(topic)].sort((a, b) => a.partitionId - b.partitionId);
  const partitions = metadata.map(({ partitionId, leader }) => {
    return { id: partitionId, leader, batch: new RecordBatch(), nextSequence: 0 };
  });
  if (partitions.length === 0) throw new Error(`the topic ${topic} has no partitions`);
  const { brokers, errors, connecting } = await connectTo(
    cluster,
    new Set(partitions.map(({ leader }) => leader)),
    timeoutMs / 2,
    clock,
  );
  const [anyBroker] = brokers.values();
  if (anyBroker === undefined) throw [...errors.values()][0] as Error;
  const failed = new Map<number, PartitionFailure>();
  for (const { id, leader } of partitions) {
    const cause = errors.get(leader);
    if (cause !== undefined) failed.set(id, { leader, cause });
  }
  // A broker that has just started is still loading its producer ids.
  const initialise = () => anyBroker.initProducerId({ transactionalId: undefined, transactionTimeout: 0 });
  const { producerId, producerEpoch } = await untilSettled(initialise, clock);
  return { producer: { id: BigInt(producerId), epoch: producerEpoch }, partitions, brokers, failed, connecting };
}

/** Connects to all leaders at the same time, so that one that does not answer costs the others no time. */
async function connectTo(cluster: Cluster, leaders: ReadonlySet<number>, timeoutMs: number, clock: Clock) {
  const brokers = new Map<number, Broker>();
  const errors = new Map<number, Error>();
  const connecting: Promise<unknown>[] = [];
  await Promise.all(
    [...leaders].map(async (nodeId) => {
      if (nodeId === NO_LEADER) {
        errors.set(nodeId, new Error('the partition has no leader'));
        return;
      }
      const found = cluster.findBroker({ nodeId });
      connecting.push(found);
      try {
        brokers.set(nodeId, await withTimeout(found, timeoutMs, `connecting to broker ${nodeId}`, clock));
      } catch (error) {
        errors.set(nodeId, error as Error);
      }
    }),
  );
  return { brokers, errors, connecting };
}
