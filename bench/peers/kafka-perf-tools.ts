import { join } from 'node:path';
import { install } from '../../dev/local-stack/services/cache.js';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';
import { supervise } from '../../dev/local-stack/process/supervised-process.js';
import { commandOf } from '../../dev/local-stack/services/toolchain.js';
import type { BenchSite } from '../site/bench-site.js';

/**
 * Kafka's own ProducerPerformance: how many records a second the broker accepts from one Java producer with the same guarantee as ours
 * (acks=all, idempotent), in large batches.
 */
export async function producerPerformance(
  site: BenchSite,
  topic: string,
  { records, recordBytes }: { readonly records: number; readonly recordBytes: number },
): Promise<number> {
  const output = await runTool(site, 'ProducerPerformance', [
    ...['--topic', topic, '--num-records', String(records), '--record-size', String(recordBytes), '--throughput', '-1'],
    ...['--producer-props', `bootstrap.servers=${site.endpoints.KAFKA_BROKERS}`, 'acks=all', 'enable.idempotence=true'],
    ...['batch.size=262144', 'linger.ms=5', 'buffer.memory=67108864'],
  ]);
  // The last line covers all records; each line before it covers a few seconds.
  const rates = [...output.matchAll(/([\d.]+) records\/sec/g)];
  return parseRate(rates.at(-1)?.[1], 'ProducerPerformance', output);
}

/** Kafka's own ConsumerPerformance: how many records a second one Java consumer gets, without the time to join its group. */
export async function consumerPerformance(site: BenchSite, topic: string, records: number): Promise<number> {
  const output = await runTool(site, 'ConsumerPerformance', [
    ...['--bootstrap-server', site.endpoints.KAFKA_BROKERS, '--topic', topic],
    ...['--messages', String(records), '--hide-header', '--timeout', '30000'],
  ]);
  const columns = output.trim().split('\n').at(-1)?.split(', ') ?? [];
  return parseRate(columns[9], 'ConsumerPerformance', output);
}

async function runTool({ dir, log }: BenchSite, tool: string, args: readonly string[]): Promise<string> {
  const jars = await install(kafkaService.part, { cache: cacheDir(process.env), log });
  const run = supervise({
    name: tool,
    command: [
      commandOf('java', process.env),
      ...['-Xms256m', '-Xmx256m', '-cp', join(jars, '*'), `org.apache.kafka.tools.${tool}`],
      ...args,
    ],
    env: process.env,
    logFile: join(dir, 'logs', `${tool}.log`),
    graceMs: 2_000,
  });
  const { code } = await run.exited;
  const output = run.lastLogLines(50).join('\n');
  if (code !== 0) throw new Error(`${tool} exited with code ${code}:\n${output}`);
  return output;
}

function parseRate(figure: string | undefined, tool: string, output: string): number {
  const value = Number(figure);
  if (figure === undefined || !Number.isFinite(value)) throw new Error(`${tool} printed no rate:\n${output}`);
  return value;
}
