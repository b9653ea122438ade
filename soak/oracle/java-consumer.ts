import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { install } from '../../dev/local-stack/services/cache.js';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';
import { commandOf } from '../../dev/local-stack/services/toolchain.js';

/** A record as Apache Kafka's own consumer shows it. */
export type JavaRecord = {
  readonly partition: number;
  readonly offset: number;
  /** LogAppendTime or CreateTime, as the topic has it; ms. */
  readonly timestamp: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | null;
};

/** Without a record for this long, the consumer takes it that it has seen all: a broker on this machine answers in milliseconds. */
const IDLE_MS = 5_000;
const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer';
/** The tool logs to stdout as well, the end by timeout among it: only lines of records begin like this. */
const RECORD = /^(?:CreateTime|LogAppendTime):(\d+)\tPartition:(\d+)\tOffset:(\d+)\t([^\t]*)\t([^\t]*)\t(.*)$/;

/**
 * Gives all records of a topic, in order within each partition, as the Java console consumer reads them with `read_committed`.
 * @param count of them, where it is known: spares the wait for more.
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
  if (code !== 0) throw new Error(`the Java consumer of ${topic} ended with ${String(code)}`);
}

/** The record that a line of the console consumer shows; `undefined` for its other output. */
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

/** Our headers have no commas in their values but for `errors`, which nobody needs here. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** The text form of the Java class Bytes: printable ASCII as it is, all else and the backslash as `\xHH`. */
function unescaped(text: string): Buffer {
  return Buffer.from(
    text.replaceAll(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}
