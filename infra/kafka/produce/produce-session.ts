import type { Kafka } from 'kafkajs';
import { closeCluster, openCluster, type Broker, type Cluster } from '../connection/cluster.js';
import { partitionOfKey } from '../protocol/murmur2.js';
import { produceRequest, type PartitionBatch } from '../protocol/produce-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { RecordBatch, type BatchRecord } from '../protocol/records/record-batch.js';
import { addToSequence } from '../protocol/sequence.js';
import { untilSettled } from '../connection/until-settled.js';
import { withTimeout } from '../../async/timeout.js';

/** Batches on their way to one topic: each is sent once, in the order of the calls, and the first failure is the end of the session. */
export type ProduceSession = {
  /**
   * Writes all records, each to the partition that its key says; without a key, to any. May be called while others are under way:
   * of two records for one partition the later is in the log only behind the earlier.
   *
   * @throws Error when not every partition has acknowledged within `timeoutMs`: each record may be in the log, may still arrive there,
   *   or never will. Nothing can be sent any more: close the session and open a new one. {@link refusesRecords} tells whether the same
   *   records can succeed there.
   */
  readonly send: (records: readonly BatchRecord[], timeoutMs: number) => Promise<void>;
  /** Returns at once; the connections are closed when nothing is under way any more. */
  readonly close: () => void;
};

/** @throws Error when a session could not be had in time: wait a little and open again. */
export type OpenProduceSession = (topic: string, timeoutMs: number) => Promise<ProduceSession>;

/** Sessions with an idempotent producer id of their own, on connections of their own. */
export function produceSessions(kafka: Kafka): OpenProduceSession {
  return (topic, timeoutMs) => KafkaProduceSession.open(kafka, topic, timeoutMs);
}

type Partition = {
  readonly id: number;
  readonly leader: number;
  readonly batch: RecordBatch;
  nextSequence: number;
};

/**
 * An idempotent producer without retries, several requests at a time.
 *
 * The broker takes a batch only if its sequence number follows the one before, so nothing overtakes: when one batch is lost, those behind it
 * are refused. A retry is what turns into an acknowledged loss in kafkajs's own producer (its numbers roll back after a time-out), so
 * there is none: whoever sends records again does it through a new session, under a new producer id.
 */
class KafkaProduceSession implements ProduceSession {
  private readonly underWay = new Set<Promise<unknown>>();
  private failure: Error | undefined;
  private roundRobin = 0;

  private constructor(
    private readonly cluster: Cluster,
    private readonly topic: string,
    private readonly producer: { readonly id: bigint; readonly epoch: number },
    private readonly partitions: readonly Partition[],
    private readonly brokers: ReadonlyMap<number, Broker>,
  ) {}

  static async open(kafka: Kafka, topic: string, timeoutMs: number): Promise<KafkaProduceSession> {
    return openCluster(kafka, timeoutMs, 'connecting to Kafka', async (cluster) => {
      const { producer, partitions, brokers } = await prepare(cluster, topic);
      return new KafkaProduceSession(cluster, topic, producer, partitions, brokers);
    });
  }

  async send(records: readonly BatchRecord[], timeoutMs: number): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const work = Promise.all(
      [...this.batchesByLeader(records)].map(([leader, batches]) => this.request(leader, batches, timeoutMs)),
    );
    this.underWay.add(work);
    void work.catch(() => undefined).then(() => this.underWay.delete(work));
    try {
      await withTimeout(work, timeoutMs, 'waiting for the acknowledgement of Kafka');
    } catch (error) {
      this.failure ??= new Error('the session has ended', { cause: error });
      throw error;
    }
  }

  close(): void {
    this.failure ??= new Error('the session is closed');
    void closeCluster(this.cluster, this.underWay);
  }

  private batchesByLeader(records: readonly BatchRecord[]): Map<number, PartitionBatch[]> {
    const { partitions, topic, producer } = this;
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
      const { id, leader, batch, nextSequence } = partition;
      const one = {
        ...{ topic, partition: id, batch },
        producer: { ...producer, firstSequence: nextSequence, isTransactional: false },
      };
      partition.nextSequence = addToSequence(nextSequence, batch.records);
      const batches = byLeader.get(leader);
      if (batches === undefined) byLeader.set(leader, [one]);
      else batches.push(one);
    }
    return byLeader;
  }

  private async request(leader: number, batches: readonly PartitionBatch[], timeoutMs: number): Promise<void> {
    const broker = this.brokers.get(leader);
    const request = produceRequest(batches, null, timeoutMs);
    for (const { batch } of batches) batch.clear();
    if (broker === undefined) throw new Error(`no connection to broker ${leader}`);
    const answers = await broker.connectionPool.send(request);
    for (const { errorCode } of answers) if (errorCode !== 0) throw new ProtocolError(errorCode);
    const acknowledged = new Set(answers.map(({ partition }) => partition));
    if (!batches.every(({ partition }) => acknowledged.has(partition))) {
      throw new Error('not every partition has acknowledged');
    }
  }
}

async function prepare(cluster: Cluster, topic: string) {
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
  // A broker that has just started is still loading what it needs for that.
  const { producerId, producerEpoch } = await untilSettled(() =>
    anyBroker.initProducerId({ transactionalId: undefined, transactionTimeout: 0 }),
  );
  return { producer: { id: BigInt(producerId), epoch: producerEpoch }, partitions, brokers };
}
