import { randomUUID } from 'node:crypto';
import { topicNames } from '../../schemas/topics.js';
import type { BenchOptions } from '../bench-options.js';
import { median } from '../../lab/median.js';
import { bytesPerRecord } from '../site/bytes-per-record.js';
import { consumerPerformance, producerPerformance } from '../peers/kafka-perf-tools.js';
import type { Section } from '../report/section.js';
import type { BenchSite } from '../site/bench-site.js';
import { createTopics, deleteTopics } from '../site/fresh-topics.js';
import { ECHO, echoServer, ingressPeers, ourIngress } from './contenders.js';
import { ceilingsSection } from './ceilings-section.js';
import type { Ceiling, IngressFigures } from './ingress-figures.js';
import { ingressSection } from './ingress-section.js';
import { withServers } from './with-servers.js';
import type { ServerUnderLoad, Throughput } from './server-under-load.js';

/**
 * Many short turns: the machine's pace changes by the second for all programs alike, so only contenders that were measured within a few
 * seconds of each other are compared.
 */
const FULL = {
  warmUpMs: 4_000,
  turnMs: 2_000,
  toolRecords: 1_500_000,
  steady: { rounds: 3, rate: 5_000, durationMs: 6_000, warmUpMs: 2_500 },
};
const QUICK: typeof FULL = {
  warmUpMs: 700,
  turnMs: 1_500,
  toolRecords: 200_000,
  steady: { rounds: 1, rate: 5_000, durationMs: 1_500, warmUpMs: 700 },
};
/** The ceilings are measured every fifth round. */
const CEILINGS_EVERY_ROUNDS = 5;
/** Size of an event in the log, where the log cannot be inspected. */
const DEFAULT_EVENT_BYTES = 512;

/**
 * `npm run bench -- ingress`: throughput, CPU and latency of the ingress beside its peers, in interleaved rounds on one broker; then
 * how much load generator and broker could do, to show that they were not the limit.
 */
export async function benchIngress(options: BenchOptions): Promise<Section[]> {
  const { site, quick, rounds } = options;
  const plan = quick ? QUICK : FULL;
  const sideBySide = await measureSideBySide(site, plan, rounds);
  const figures: IngressFigures = {
    ...sideBySide,
    turnMs: plan.turnMs,
    steadyRate: plan.steady.rate,
    steady: await measureSteady(site, plan, false),
    ...(site.broker !== undefined && { hung: await measureSteady(site, plan, true) }),
  };
  return [ingressSection(figures), ceilingsSection(figures)];
}

async function measureSideBySide(site: BenchSite, plan: typeof FULL, rounds: number) {
  const ours = ourIngress(site);
  const contenders = [ours, ...ingressPeers(site)];
  await createTopics(
    site.kafka,
    contenders.slice(1).flatMap(({ topic }) => topic ?? []),
  );
  const results = new Map<string, Throughput[]>(contenders.map(({ name }) => [name, []]));
  const ceilings: Ceiling[] = [];
  return withServers(site, async (open) => {
    const servers: ServerUnderLoad[] = [];
    for (const contender of contenders) servers.push(await open(contender));
    const twoGenerators = await open(echoServer(), 2);
    for (const server of [...servers, twoGenerators]) await server.warmUp({ durationMs: plan.warmUpMs });
    const eventBytes = (await bytesPerRecord(site, topicNames(site.prefix).events)) ?? DEFAULT_EVENT_BYTES;
    for (let round = 1; round <= rounds; round += 1) {
      const log = (message: string): void => site.log(`ingress, round ${round} of ${rounds}: ${message}`);
      for (const server of servers) {
        const result = await server.turn({ durationMs: plan.turnMs });
        results.get(server.name)?.push(result);
        log(line(server.name, result));
      }
      if (round % Math.min(CEILINGS_EVERY_ROUNDS, rounds) !== 0) continue;
      const echo = await twoGenerators.turn({ durationMs: plan.turnMs });
      log(line(`${ECHO}, two load generators`, echo));
      const rates = await toolRates(site, eventBytes, plan.toolRecords);
      log(`Kafka's tools write ${perSecond(rates.written)}, read ${perSecond(rates.read)}`);
      const before = results.get(ours.name)?.slice(-CEILINGS_EVERY_ROUNDS) ?? [];
      ceilings.push({ ...rates, twoGenerators: echo, ours: median(before.map((turn) => turn.eventsPerSecond)) });
    }
    return { results, ceilings, eventBytes };
  });
}

/** Our ingress at a rate far below its maximum; a new server for each round. */
async function measureSteady(site: BenchSite, { steady }: typeof FULL, hung: boolean): Promise<readonly Throughput[]> {
  const { rate, durationMs, warmUpMs, rounds } = steady;
  const turns: Throughput[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const turn = await withServers(site, async (open) => {
      const server = await open(ourIngress(site));
      await server.warmUp({ rate, durationMs: warmUpMs });
      return server.turn({ rate, durationMs, ...(hung && { hungForMs: warmUpMs }) });
    });
    site.log(line(`at ${rate} events/s${hung ? ' into the spool, with Kafka hung' : ''}`, turn));
    turns.push(turn);
  }
  return turns;
}

async function toolRates(site: BenchSite, eventBytes: number, records: number) {
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
  const faults = [
    [r.missing, 'missing'],
    [r.repeated, 'repeated'],
    [r.otherAnswers, 'not accepted'],
  ] as const;
  const listed = faults.map(([count, kind]) => (count > 0 ? `, ${count} ${kind}` : ''));
  return (
    `${name}: ${Math.round(r.eventsPerSecond).toLocaleString('en')} events/s, ${r.cpuMicrosPerEvent.toFixed(1)} µs CPU an event, ` +
    `p99 ${r.latencyMs.p99.toFixed(1)} ms, ${Math.round(r.peakMemoryMiB)} MiB${listed.join('')}`
  );
}
