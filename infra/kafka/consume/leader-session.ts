import type { Kafka } from 'kafkajs';
import type { Clock } from '../../async/clock.js';
import { openCluster, type Cluster } from '../connection/cluster.js';

const OPEN_TIMEOUT_MS = 15_000;

/** Connections to the leaders of one topic's partitions, valid until the first failure. */
export type LeaderSession = {
  readonly cluster: Cluster;
  /** Leader by partition, as of the opening. */
  readonly leaders: ReadonlyMap<number, number>;
};

/** Connects and finds the leaders. @throws Error when that is not possible in time: wait a little and open again. */
export async function openLeaderSession(kafka: Kafka, topic: string, clock: Clock): Promise<LeaderSession> {
  const options = { timeoutMs: OPEN_TIMEOUT_MS, doing: `finding the leaders of ${topic}`, clock };
  return openCluster(kafka, options, async (cluster) => {
    await cluster.addMultipleTargetTopics([topic]);
    const metadata = cluster.findTopicPartitionMetadata(topic);
    return { cluster, leaders: new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader])) };
  });
}

/** The first offset of a partition's log; -1 when the broker does not say. */
export async function firstOffset({ cluster }: LeaderSession, topic: string, partition: number): Promise<number> {
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning: true }]);
  return Number(found?.partitions[0]?.offset ?? -1);
}
