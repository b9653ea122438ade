import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cacheDir } from '../../infra/local-stack/folders.js';
import { install } from '../../infra/local-stack/cache.js';
import { kafkaService } from '../../infra/local-stack/kafka-service.js';
import { commandOf } from '../../infra/local-stack/toolchain.js';

/** Without a record for this long, the consumer takes it that it has seen all: a broker on this machine answers in milliseconds. */
const IDLE_MS = 5_000;

/** The keys of all records of a topic, as Apache Kafka's own console consumer sees them with `read_committed`. */
export async function readKeysWithJava(brokers: string, topic: string): Promise<string[]> {
  const libraries = await install(kafkaService.part, { cache: cacheDir(process.env), log: () => undefined });
  // The partition marks the lines of records: the tool logs to stdout as well, the end by timeout among it.
  const properties = ['print.partition=true', 'print.key=true', 'print.value=false'].flatMap((property) => [
    '--property',
    property,
  ]);
  const { stdout } = await promisify(execFile)(
    commandOf('java', process.env),
    [
      ...['-cp', `${libraries}/*`, 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
      ...['--bootstrap-server', brokers, '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
      ...['--timeout-ms', String(IDLE_MS), ...properties],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout.split('\n').flatMap((line) => /^Partition:\d+\t(.*)$/.exec(line)?.[1] ?? []);
}
