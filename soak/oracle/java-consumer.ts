import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { install } from '../../dev/local-stack/services/cache.js';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';
import { commandOf } from '../../dev/local-stack/services/toolchain.js';

/** A record as read by Apache Kafka's own consumer. */
export type JavaRecord = {
  readonly partition: number;
  readonly offset: number;
  /** LogAppendTime or CreateTime, depending on the topic; ms. */
  readonly timestamp: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | null;
};

/** Time without a record after which the consumer ends, its start included: several of them start at once, maybe on a busy machine. */
const IDLE_MS = 30_000;
const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer';
/** A line with a record. The tool also logs to stdout, for example when it ends by timeout. */
const RECORD = /^(?:CreateTime|LogAppendTime):(\d+)\tPartition:(\d+)\tOffset:(\d+)\t([^\t]*)\t([^\t]*)\t(.*)$/;

/**
 * Reads all records of a topic with the Java console consumer and `read_committed`, in order within each partition.
 * @param count number of records, if known: saves the wait for more.
 */
export async function readWithJava(
  brokers: string,
  topic: string,
  onRecord: (record: JavaRecord) => void,
  signal?: AbortSignal,
  count?: number,
): Promise<void> {
  const libraries = await install(kafkaService.part, { cache: cacheDir(process.env), log: () => undefined });
  const properties = [
    ...['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].map((part) => `print.${part}=true`),
    ...[`key.deserializer=${BYTES}`, `value.deserializer=${BYTES}`],
  ];
  const consumer = spawn(
    commandOf('java', process.env),
    [
      ...['-Xmx256m', '-cp', `${libraries}/*`, 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
      ...['--bootstrap-server', brokers, '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
      ...['--timeout-ms', String(IDLE_MS), ...properties.flatMap((property) => ['--property', property])],
      ...(count === undefined ? [] : ['--max-messages', String(count)]),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], signal },
  );
  const ended = once(consumer, 'close');
  for await (const line of createInterface({ input: consumer.stdout })) {
    const record = parseLine(line);
    if (record !== undefined) onRecord(record);
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the Java consumer of ${topic} exited with code ${String(code)}`);
}

/** Parses a line of the console consumer; `undefined` for other output. */
export function parseLine(line: string): JavaRecord | undefined {
  const found = RECORD.exec(line);
  if (found === null) return undefined;
  const [, timestamp, partition, offset, headers = '', key = '', value = ''] = found;
  return {
    partition: Number(partition),
    offset: Number(offset),
    timestamp: Number(timestamp),
    key: unescaped(key).toString(),
    headers: parseHeaders(headers),
    value: value === 'null' ? null : unescaped(value),
  };
}

/** Header values have no commas, except in `errors`, which is not needed here. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Decodes the text form of the Java class Bytes: printable ASCII is unchanged, all other bytes and the backslash are `\xHH`. */
function unescaped(text: string): Buffer {
  return Buffer.from(
    text.replaceAll(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}
