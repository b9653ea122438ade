import type { Kafka } from 'kafkajs';
import type { Clock } from '../../async/clock.js';
import { openCluster, type Cluster } from '../connection/cluster.js';
import { NO_LEADER } from '../connection/leaderless-partitions.js';

const OPEN_TIMEOUT_MS = 15_000;

/** Connections to the leaders of one topic's partitions. A failure of one ends the session for its partitions only. */
export type LeaderSession = {
  readonly cluster: Cluster;
  /** Leader by partition, as of the opening; `NO_LEADER` where there is none. */
  readonly leaders: ReadonlyMap<number, number>;
  /** Partitions that cannot be read in this session any more, and why. */
  readonly lost: Map<number, unknown>;
};

/** Connects and finds the leaders. @throws Error when that is not possible in time: wait a little and open again. */
export async function openLeaderSession(kafka: Kafka, topic: string, clock: Clock): Promise<LeaderSession> {
  const options = { timeoutMs: OPEN_TIMEOUT_MS, doing: `finding the leaders of ${topic}`, clock };
  return openCluster(kafka, options, async (cluster) => {
    await cluster.addMultipleTargetTopics([topic]);
    const metadata = cluster.findTopicPartitionMetadata(topic);
    const leaders = new Map(metadata.map(({ partitionId, leader }) => [partitionId, leader]));
    const lost = new Map<number, unknown>();
    for (const [partition, leader] of leaders) {
      if (leader === NO_LEADER) lost.set(partition, new Error('the partition has no leader'));
    }
    if (lost.size === leaders.size) throw new Error(`no partition of ${topic} has a leader`);
    return { cluster, leaders, lost };
  });
}

/** Whether a session can read a partition that another one has lost. */
export async function canReadMore({ cluster, leaders }: LeaderSession, { lost }: LeaderSession): Promise<boolean> {
  for (const partition of lost.keys()) {
    const nodeId = leaders.get(partition) ?? NO_LEADER;
    if (nodeId === NO_LEADER) continue;
    const isReachable = await cluster.findBroker({ nodeId }).then(
      () => true,
      () => false,
    );
    if (isReachable) return true;
  }
  return false;
}

/** The first offset of a partition's log; -1 when the broker does not say. */
export async function firstOffset({ cluster }: LeaderSession, topic: string, partition: number): Promise<number> {
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning: true }]);
  return Number(found?.partitions[0]?.offset ?? -1);
}
