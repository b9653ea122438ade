import { randomUUID } from 'node:crypto';
import { topicNames } from '../../schemas/topics.js';
import type { BenchOptions } from '../bench-options.js';
import { bytesPerRecord } from '../measure/topic-bytes.js';
import { consumerPerformance, producerPerformance } from '../peers/kafka-perf-tools.js';
import type { Section } from '../report/section.js';
import type { BenchSite } from '../site/bench-site.js';
import { createTopics, deleteTopics } from '../site/fresh-topics.js';
import { ECHO, echoServer, ingressPeers, ourIngress } from './contenders.js';
import { ceilingsSection, ingressSection, type IngressFigures, type ToolRates } from './ingress-sections.js';
import { measureThroughput, type Throughput, type ThroughputOptions } from './measure-throughput.js';

const STEADY_RATE = 5_000;
const FULL = { warmUpMs: 2_500, durationMs: 8_000, toolRecords: 1_500_000 };
const QUICK: typeof FULL = { warmUpMs: 700, durationMs: 1_500, toolRecords: 200_000 };

/** Until the log has told. */
const USUAL_EVENT_BYTES = 512;

/**
 * `npm run bench -- ingress`: throughput, CPU and latency of the ingress beside its peers, in interleaved rounds on one broker; then
 * how far load generator and broker are from being what was measured.
 */
export async function benchIngress({ site, quick, rounds }: BenchOptions): Promise<Section[]> {
  const times = quick ? QUICK : FULL;
  const contenders = [ourIngress(site), ...ingressPeers(site)];
  await createTopics(
    site.kafka,
    contenders.slice(1).flatMap(({ topic }) => topic ?? []),
  );
  const results = new Map<string, Throughput[]>(contenders.map(({ name }) => [name, []]));
  const twoGenerators: Throughput[] = [];
  const tools: ToolRates[] = [];
  let eventBytes = USUAL_EVENT_BYTES;
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const result = await measureThroughput(site, contender, times);
      results.get(contender.name)?.push(result);
      site.log(`ingress, round ${round} of ${rounds}: ${line(contender.name, result)}`);
    }
    const result = await measureThroughput(site, echoServer(), { ...times, generators: 2 });
    twoGenerators.push(result);
    site.log(`ingress, round ${round} of ${rounds}: ${line(`${ECHO}, two load generators`, result)}`);
    eventBytes = (await bytesPerRecord(site, topicNames(site.prefix).events)) ?? eventBytes;
    const rates = await toolRates(site, eventBytes, times.toolRecords);
    tools.push(rates);
    site.log(
      `ingress, round ${round} of ${rounds}: Kafka's tools write ${perSecond(rates.written)}, read ${perSecond(rates.read)}`,
    );
  }
  const figures: IngressFigures = {
    results,
    twoGenerators,
    steadyRate: STEADY_RATE,
    steady: await steady(site, times, false, `at ${STEADY_RATE} events/s`),
    ...(site.broker !== undefined && {
      hung: await steady(site, times, true, `at ${STEADY_RATE} events/s with Kafka hung, into the spool`),
    }),
    tools,
    eventBytes,
  };
  return [ingressSection(figures), ceilingsSection(figures)];
}

async function steady(site: BenchSite, times: ThroughputOptions, hung: boolean, what: string): Promise<Throughput> {
  const result = await measureThroughput(site, ourIngress(site), { ...times, rate: STEADY_RATE, hung });
  site.log(line(what, result));
  return result;
}

async function toolRates(site: BenchSite, eventBytes: number, records: number): Promise<ToolRates> {
  const topic = `${site.prefix}tools-${randomUUID()}`;
  await createTopics(site.kafka, [topic]);
  const written = await producerPerformance(site, topic, { records, recordBytes: Math.round(eventBytes) });
  const read = await consumerPerformance(site, topic, records);
  await deleteTopics(site.kafka, topic);
  return { written, read };
}

function perSecond(records: number): string {
  return `${Math.round(records).toLocaleString('en')} records/s`;
}

function line(name: string, r: Throughput): string {
  const faults = r.missing + r.otherAnswers > 0 ? `, ${r.missing} missing, ${r.otherAnswers} not accepted` : '';
  return (
    `${name}: ${Math.round(r.eventsPerSecond).toLocaleString('en')} events/s, ${r.cpuMicrosPerEvent.toFixed(1)} µs CPU an event, ` +
    `p99 ${r.latencyMs.p99.toFixed(1)} ms, ${Math.round(r.peakMemoryMiB)} MiB${faults}`
  );
}
