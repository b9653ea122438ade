import type { Kafka } from 'kafkajs';
import { systemClock, type Clock } from '../../async/clock.js';
import { withTimeout } from '../../async/timeout.js';
import type { CompressionType } from '../compression/codec.js';
import { compressor, type Compressor } from '../compression/codecs.js';
import { closeCluster, openCluster, type Broker, type Cluster } from '../connection/cluster.js';
import { untilSettled } from '../connection/until-settled.js';
import { partitionOfKey } from '../protocol/murmur2.js';
import { produceRequest, type PartitionBatch } from '../protocol/produce-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { RecordBatch, type BatchRecord } from '../protocol/records/record-batch.js';
import { addToSequence } from '../protocol/sequence.js';

/** Sends batches to one topic, each once, in the order of the calls. The first failure ends the session. */
export type ProduceSession = {
  /**
   * Writes all records, each to the partition of its key, or to any partition if it has none. May be called while earlier calls are in
   * flight: of two records for one partition, the later is in the log only after the earlier.
   *
   * @throws Error when a partition has not acknowledged within `timeoutMs`: each record may be in the log, may still arrive there, or
   *   never will. Nothing more can be sent: close the session and open a new one. {@link refusesRecords} tells whether the same records can
   *   succeed there.
   */
  readonly send: (records: readonly BatchRecord[], timeoutMs: number) => Promise<void>;
  /** Returns at once; the connections close when nothing is in flight any more. */
  readonly close: () => void;
};

/** @throws Error when a session could not be opened in time: wait a little and open again. */
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
        ...(await prepare(cluster, topic, clock)),
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
};

/**
 * An idempotent producer without retries, with several requests in flight.
 *
 * The broker accepts a batch only if its sequence number follows the previous one, so no batch overtakes another: when one is lost, those
 * after it are rejected. Retries are what makes kafkajs's own producer lose acknowledged records (it resets its sequence numbers after a
 * timeout), so this one has none: records are sent again through a new session with a new producer id.
 */
class KafkaProduceSession implements ProduceSession {
  private readonly inFlight = new Set<Promise<unknown>>();
  private failure: Error | undefined;
  private roundRobin = 0;

  constructor(private readonly deps: SessionDeps) {}

  async send(records: readonly BatchRecord[], timeoutMs: number): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const { topic, clock } = this.deps;
    const requests = [...this.batchesByLeader(records)].map(([leader, batches]) =>
      this.request(leader, batches, timeoutMs),
    );
    const work = Promise.all(requests);
    this.inFlight.add(work);
    void work.catch(() => undefined).then(() => this.inFlight.delete(work));
    try {
      await withTimeout(work, timeoutMs, `waiting for Kafka to acknowledge a batch for ${topic}`, clock);
    } catch (error) {
      this.failure ??= new Error(`the session for ${topic} has ended`, { cause: error });
      throw error;
    }
  }

  close(): void {
    this.failure ??= new Error(`the session for ${this.deps.topic} is closed`);
    void closeCluster(this.deps.cluster, this.inFlight);
  }

  private batchesByLeader(records: readonly BatchRecord[]): Map<number, PartitionBatch[]> {
    const { partitions, topic, producer } = this.deps;
    const filled = new Set<Partition>();
    for (const record of records) {
      const { key } = record;
      const id = key === null ? this.roundRobin++ % partitions.length : partitionOfKey(key, partitions.length);
      const partition = partitions[id] as Partition;
      if (partition.batch.records === 0) filled.add(partition);
      partition.batch.append(record);
    }
    const byLeader = new Map<number, PartitionBatch[]>();
    for (const partition of filled) {
      const { id, leader, batch, nextSequence: firstSequence } = partition;
      const one = {
        topic,
        partition: id,
        batch,
        producer: { ...producer, firstSequence, isTransactional: false },
      };
      partition.nextSequence = addToSequence(firstSequence, batch.records);
      const batches = byLeader.get(leader);
      if (batches === undefined) byLeader.set(leader, [one]);
      else batches.push(one);
    }
    return byLeader;
  }

  private async request(leader: number, batches: readonly PartitionBatch[], timeoutMs: number): Promise<void> {
    const { topic, brokers, clock, compressor } = this.deps;
    const request = produceRequest(batches, { transactionalId: null, timeoutMs, timestamp: clock.now(), compressor });
    for (const { batch } of batches) batch.clear();
    const broker = brokers.get(leader);
    if (broker === undefined) throw new Error(`no connection to broker ${leader}, a leader of ${topic}`);
    const answers = await broker.connectionPool.send(request);
    const acknowledged = new Set<number>();
    for (const { partition, errorCode } of answers) {
      if (errorCode !== 0) throw new ProtocolError(errorCode, `writing to ${topic}, partition ${partition}`);
      acknowledged.add(partition);
    }
    const missing = batches.find(({ partition }) => !acknowledged.has(partition));
    if (missing !== undefined) throw new Error(`no acknowledgement for ${topic}, partition ${missing.partition}`);
  }
}

async function prepare(cluster: Cluster, topic: string, clock: Clock) {
  await cluster.addMultipleTargetTopics([topic]);
  const metadata = [...cluster.findTopicPartitionMetadata(topic)].sort((a, b) => a.partitionId - b.partitionId);
  const partitions = metadata.map(({ partitionId, leader }) => {
    return { id: partitionId, leader, batch: new RecordBatch(), nextSequence: 0 };
  });
  if (partitions.length === 0) throw new Error(`the topic ${topic} has no partitions`);
  const brokers = new Map<number, Broker>();
  for (const nodeId of new Set(partitions.map(({ leader }) => leader))) {
    brokers.set(nodeId, await cluster.findBroker({ nodeId }));
  }
  const anyBroker = await cluster.findControllerBroker();
  // A broker that has just started is still loading its producer ids.
  const initialise = () => anyBroker.initProducerId({ transactionalId: undefined, transactionTimeout: 0 });
  const { producerId, producerEpoch } = await untilSettled(initialise, clock);
  return { producer: { id: BigInt(producerId), epoch: producerEpoch }, partitions, brokers };
}
