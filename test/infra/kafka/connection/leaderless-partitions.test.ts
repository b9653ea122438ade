import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import '../../../../infra/kafka/connection/client.js';
import { NO_LEADER } from '../../../../infra/kafka/connection/leaderless-partitions.js';
import { codeOf } from '../../../../infra/kafka/protocol/error-codes.js';

const require = createRequire(import.meta.url);
type Response = { parse: (data: unknown) => Promise<{ topicMetadata: readonly { partitionMetadata: unknown }[] }> };

const partition = (partitionErrorCode: number, leader: number) => ({ partitionErrorCode, partitionId: 0, leader });
const metadata = (topicErrorCode: number, ...partitionMetadata: unknown[]) => ({
  brokers: [],
  topicMetadata: [{ topicErrorCode, topic: 'events', partitionMetadata }],
});

it.each([0, 1, 2, 3, 4, 5, 6])(
  'metadata version %i keeps a topic with a partition without a leader',
  async (version) => {
    const { parse } = require(`kafkajs/src/protocol/requests/metadata/v${version}/response`) as Response;
    const parsed = await parse(
      metadata(
        0,
        partition(0, 1),
        partition(codeOf('LEADER_NOT_AVAILABLE'), -1),
        partition(codeOf('LISTENER_NOT_FOUND'), 3),
        partition(codeOf('REPLICA_NOT_AVAILABLE'), 2),
      ),
    );
    const leaders = [1, NO_LEADER, NO_LEADER, 2];
    expect(parsed.topicMetadata[0]?.partitionMetadata).toEqual(leaders.map((leader) => partition(0, leader)));
  },
);

it('other errors of a partition, and errors of a topic, still count', async () => {
  const { parse } = require('kafkajs/src/protocol/requests/metadata/v6/response') as Response;
  await expect(parse(metadata(codeOf('UNKNOWN_TOPIC_OR_PARTITION')))).rejects.toThrow();
  await expect(parse(metadata(0, partition(codeOf('KAFKA_STORAGE_ERROR'), 1)))).rejects.toThrow();
});

it('leaves partitions without a leader out where kafkajs groups partitions by leader', () => {
  const Cluster = require('kafkajs/src/cluster') as {
    prototype: { findLeaderForPartitions: (topic: string, partitions: number[]) => unknown };
  };
  const cluster = {
    findTopicPartitionMetadata: () => [
      { partitionId: 0, leader: 1 },
      { partitionId: 1, leader: NO_LEADER },
    ],
  };
  expect(Cluster.prototype.findLeaderForPartitions.call(cluster, 'events', [0, 1])).toEqual({ 1: [0] });
});
