import kafkajs, { type GroupDescription } from 'kafkajs';

/**
 * The topics that other members of a consumer group read, in alphabetical order. Members that read `topic` are no others, and neither are
 * members whose subscription the broker does not tell, as during a rebalance.
 */
export function topicsOfOthers({ members }: Pick<GroupDescription, 'members'>, topic: string): readonly string[] {
  const others = members
    .map(({ memberMetadata }) => subscription(memberMetadata))
    .filter((topics) => !topics.includes(topic));
  return [...new Set(others.flat())].sort();
}

function subscription(metadata: Buffer): readonly string[] {
  if (metadata.length === 0) return [];
  try {
    return kafkajs.AssignerProtocol.MemberMetadata.decode(metadata)?.topics ?? [];
  } catch {
    return [];
  }
}

/** What to say about a group that {@link topicsOfOthers} has found others in. */
export function sharedGroupFault(groupId: string, topics: readonly string[]): string {
  return `consumer group ${groupId} is also used by readers of ${topics.join(', ')}, which takes partitions away from both: give each its own PROCESSOR_GROUP_ID`;
}
