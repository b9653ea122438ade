import type { ITopicConfig } from 'kafkajs';
import type { TopicNames } from '../../../schemas/topics.js';

/**
 * Largest record that a topic of our making takes, in bytes: the largest value that common hosted clusters allow. Bodies that the ingress
 * accepts, with their headers, must stay below it.
 */
export const MAX_RECORD_BYTES = 8 * 1024 * 1024;

export type TopicLayout = { readonly partitions: number; readonly replicationFactor: number };

export type TopicRole = keyof TopicNames;

/** Settings that the join's correctness depends on; everything else is the operator's choice. */
const REQUIRED: Readonly<Record<TopicRole, Readonly<Record<string, string>>>> = {
  events: { 'message.timestamp.type': 'LogAppendTime' },
  deadLetter: {},
  complete: {},
  amended: {},
  incomplete: {},
  changelog: { 'message.timestamp.type': 'LogAppendTime' },
};

/** Further settings of topics that we create. */
const PREFERRED: Readonly<Record<TopicRole, Readonly<Record<string, string>>>> = {
  events: {},
  deadLetter: { 'message.timestamp.type': 'LogAppendTime' },
  complete: {},
  amended: {},
  incomplete: {},
  // Small segments let compaction follow the live sessions.
  changelog: {
    'cleanup.policy': 'compact',
    'segment.bytes': String(64 * 1024 * 1024),
    'min.cleanable.dirty.ratio': '0.1',
  },
};

export function requiredConfig(role: TopicRole): Readonly<Record<string, string>> {
  return REQUIRED[role];
}

/** How a topic is created. `withoutLimits`: for clusters that do not let us choose `max.message.bytes`. */
export function topicConfig(
  role: TopicRole,
  topic: string,
  { partitions, replicationFactor }: TopicLayout,
  { withoutLimits = false } = {},
): ITopicConfig {
  const config = {
    ...(!withoutLimits && { 'max.message.bytes': String(MAX_RECORD_BYTES) }),
    ...(replicationFactor >= 3 && { 'min.insync.replicas': '2' }),
    ...REQUIRED[role],
    ...PREFERRED[role],
  };
  return {
    topic,
    numPartitions: partitions,
    replicationFactor,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  };
}
