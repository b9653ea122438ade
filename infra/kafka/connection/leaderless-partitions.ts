import { createRequire } from 'node:module';
import { codeOf } from '../protocol/error-codes.js';

/** Stands for the leader of a partition that has none. No broker has a negative id. */
export const NO_LEADER = -1;

type PartitionMetadata = { readonly partitionErrorCode: number; readonly leader: number };
type Metadata = { readonly topicMetadata: readonly { readonly partitionMetadata: readonly PartitionMetadata[] }[] };
type MetadataResponse = { parse: (data: Metadata) => Promise<Metadata> };
type LeadersOf = (topic: string, partitions: readonly number[]) => Record<string, readonly number[]>;

const require = createRequire(import.meta.url);

const METADATA_VERSIONS = [0, 1, 2, 3, 4, 5, 6];
const WITHOUT_LEADER: ReadonlySet<number> = new Set([codeOf('LEADER_NOT_AVAILABLE'), codeOf('LISTENER_NOT_FOUND')]);
/** The leader is there; only another replica is not. */
const WITH_LEADER: ReadonlySet<number> = new Set([codeOf('REPLICA_NOT_AVAILABLE')]);

/**
 * Keeps a partition without a leader from making a whole topic unusable. kafkajs rejects the metadata of all topics when any partition has
 * no leader; now such a partition has the leader {@link NO_LEADER}, and offsets are looked up for the other partitions alone. Errors of
 * topics still count. Valid for the pinned kafkajs 2.2.4 only.
 */
export function tolerateLeaderlessPartitions(): void {
  for (const version of METADATA_VERSIONS) {
    const response = require(`kafkajs/src/protocol/requests/metadata/v${version}/response`) as MetadataResponse;
    const { parse } = response;
    response.parse = (data) => parse(withoutPartitionErrors(data));
  }
  const { prototype } = require('kafkajs/src/cluster') as {
    readonly prototype: { findLeaderForPartitions: LeadersOf };
  };
  const leadersOf = prototype.findLeaderForPartitions;
  prototype.findLeaderForPartitions = function (topic, partitions) {
    const { [NO_LEADER]: _leaderless, ...byLeader } = leadersOf.call(this, topic, partitions);
    return byLeader;
  };
}

/** The same metadata, with partition errors that the leader's id tells already taken out. */
export function withoutPartitionErrors<T extends Metadata>(data: T): T {
  const topicMetadata = data.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) => {
      const { partitionErrorCode: code } = partition;
      if (WITHOUT_LEADER.has(code)) return { ...partition, partitionErrorCode: 0, leader: NO_LEADER };
      return WITH_LEADER.has(code) ? { ...partition, partitionErrorCode: 0 } : partition;
    }),
  }));
  return { ...data, topicMetadata };
}
