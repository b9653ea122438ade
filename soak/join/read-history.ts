import type { Kafka } from '../../infra/kafka/connection/client.js';
import { PartitionReader } from '../../infra/kafka/consume/partition-reader.js';
import { decodeState } from '../../processor/join/rules/state-codec.js';
import type { TopicNames } from '../../schemas/topics.js';
import { validateSessionEvent } from '../../schemas/validators.js';
import { decodeWire } from '../../schemas/wire-format.js';
import type { DeadLetterRead, LogRecord, OutputKind, OutputRead } from '../oracle/history.js';
import { placeOf } from '../oracle/history.js';
import { readWithJava, type JavaRecord } from '../oracle/java-consumer.js';

export const OUTPUTS: readonly OutputKind[] = ['complete', 'amended', 'incomplete'];

/** Content of all topics after a run, as read by the Java consumer with `read_committed`. */
export type ReadHistory = {
  readonly log: readonly LogRecord[];
  readonly outputs: readonly OutputRead[];
  readonly deadLetters: readonly DeadLetterRead[];
  readonly phases: ReadonlyMap<string, string>;
  /** Number of owners that partitions have had, from the records that they left in the changelog. Compaction may have removed some. */
  readonly owners: number;
};

/**
 * Reads all topics. No one may write to them meanwhile.
 * @param brokers in the form that Kafka's own tools expect.
 */
export async function readHistory(brokers: string, topics: TopicNames, signal: AbortSignal): Promise<ReadHistory> {
  const log: LogRecord[] = [];
  const outputs: OutputRead[] = [];
  const deadLetters: DeadLetterRead[] = [];
  const changelog = new Map<string, Buffer | null>();
  const owners = new Set<string>();
  const read = (topic: string, onRecord: (record: JavaRecord) => void) =>
    readWithJava(brokers, topic, onRecord, signal);
  await Promise.all([
    read(topics.events, ({ partition, offset, timestamp, headers, value }) => {
      log.push({ id: headers['ce_id'] ?? '', partition, offset, timestamp, event: eventOf(value) });
    }),
    read(topics.changelog, ({ key, value }) => {
      if (key === '') owners.add(String(value));
      else changelog.set(key, value);
    }),
    ...OUTPUTS.map((kind) =>
      read(topics[kind], ({ key, headers, value, partition, offset, timestamp }) => {
        const record = JSON.parse(
          decodeWire(value ?? Buffer.alloc(0))?.json.toString() ?? '{}',
        ) as OutputRead['record'];
        outputs.push({ kind, id: headers['ce_id'] ?? '', sessionId: key, partition, offset, timestamp, record });
      }),
    ),
    read(topics.deadLetter, ({ partition, headers }) => {
      deadLetters.push({ partition, sourceOffset: Number(headers['source-offset']) });
    }),
  ]);
  const phases = new Map<string, string>();
  for (const [sessionId, state] of changelog) if (state !== null) phases.set(sessionId, decodeState(state).phase);
  return { log, outputs, deadLetters, phases, owners: owners.size };
}

function eventOf(value: Buffer | null): LogRecord['event'] {
  const json = value === null ? undefined : decodeWire(value)?.json;
  if (json === undefined) return undefined;
  const verdict = validateSessionEvent(JSON.parse(json.toString()));
  return verdict.kind === 'valid' ? verdict.event : undefined;
}

/**
 * The places of all output records that kafkajs reads with `read_committed`, up to the last one that the Java consumer saw in each partition.
 * @throws ReadStalledError when it does not get that far.
 */
export async function readPlacesWithKafkajs(
  kafka: Kafka,
  topics: TopicNames,
  outputs: readonly OutputRead[],
): Promise<ReadonlySet<string>> {
  const places = new Set<string>();
  for (const kind of OUTPUTS) {
    const last = new Map<number, number>();
    for (const output of outputs) if (output.kind === kind) last.set(output.partition, output.offset);
    const reader = new PartitionReader(kafka, topics[kind]);
    for (const [partition, end] of last) {
      await reader.read(partition, ({ offset }) => {
        if (offset <= end) places.add(placeOf({ kind, partition, offset }));
        return offset >= end ? 'done' : 'more';
      });
    }
  }
  return places;
}
