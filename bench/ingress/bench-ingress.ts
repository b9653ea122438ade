import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafka } from '../../infra/kafka/client.js';
import { OffsetReader } from '../../infra/kafka/offset-reader.js';
import { obtainStack } from '../../infra/local-stack/obtain-stack.js';
import { findFreeBase } from '../../infra/local-stack/ports.js';
import { createLogger } from '../../infra/observability/logger.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { BrokerProcess } from '../measure/broker-process.js';
import { median } from '../measure/median.js';
import { ingressContenders, type Contender } from './contenders.js';
import { measureThroughput, type Throughput, type ThroughputOptions } from './measure-throughput.js';

export type BenchOptions = {
  readonly rounds: number;
  readonly durationMs: number;
  readonly log: (line: string) => void;
};

const STEADY_RATE = 5_000;
const WARM_UP_MS = 15_000;

/**
 * `npm run bench -- ingress`: throughput, CPU and latency of the ingress beside its peers, in interleaved rounds on one broker.
 * Prints medians and ratios; the ratios are what another machine can be compared by.
 */
export async function benchIngress({ rounds, durationMs, log }: BenchOptions): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-ingress-'));
  const stack = await obtainStack({ dir, portBase: 'free', log });
  const settings = readSettings({ ...process.env, ...stack.endpoints }, commonSpecs, commonFaults);
  Object.assign(process.env, stack.endpoints);
  const kafka = createKafka(settings, 'bench', createLogger('bench', 'silent'));
  const offsets = new OffsetReader(kafka);
  try {
    await offsets.start();
    const contenders = ingressContenders(
      stack.endpoints.KAFKA_BROKERS,
      `bench-${randomBytes(3).toString('hex')}.`,
      join(dir, 'spool'),
    );
    await createPeerTopics(contenders, kafka);
    const common = { logDir: join(dir, 'logs'), offsets, durationMs };
    // A broker that has just started compiles its own code while it works: whoever goes first would pay for that.
    log('warming the broker up');
    await measure(contenders[0] as Contender, { ...common, durationMs: WARM_UP_MS });
    const results = new Map<string, Throughput[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const contender of contenders) {
        const result = await measure(contender, common);
        results.get(contender.name)?.push(result);
        log(`round ${round} of ${rounds}: ${line(contender.name, result)}`);
      }
    }
    const steady = await measure(contenders[0] as Contender, { ...common, rate: STEADY_RATE });
    const away =
      stack.mode === 'native'
        ? await measure(contenders[0] as Contender, { ...common, rate: STEADY_RATE, hung: new BrokerProcess(dir) })
        : undefined;
    report(results, steady, away);
  } finally {
    await offsets.close();
    await stack.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(contender: Contender, options: Omit<ThroughputOptions, 'port'>): Promise<Throughput> {
  return measureThroughput(contender, { ...options, port: await findFreeBase() });
}

/** The peers create nothing themselves; their topics are like ours. */
async function createPeerTopics(
  contenders: readonly Contender[],
  kafka: ReturnType<typeof createKafka>,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const topics = contenders
    .slice(1)
    .flatMap(({ topic }) => (topic === undefined ? [] : [{ topic, numPartitions: 6, replicationFactor: 1 }]));
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
}

function line(name: string, r: Throughput): string {
  const faults = r.missing + r.otherAnswers > 0 ? `, ${r.missing} missing, ${r.otherAnswers} not accepted` : '';
  return (
    `${name}: ${Math.round(r.eventsPerSecond).toLocaleString('en')} events/s, ${r.cpuMicrosPerEvent.toFixed(1)} µs CPU an event, ` +
    `p99 ${r.latencyMs.p99.toFixed(1)} ms, ${Math.round(r.peakMemoryMiB)} MiB${faults}`
  );
}

function report(
  results: ReadonlyMap<string, readonly Throughput[]>,
  steady: Throughput,
  away: Throughput | undefined,
): void {
  const medianOf = (name: string, pick: (r: Throughput) => number): number =>
    median((results.get(name) ?? []).map(pick));
  const rate = (name: string): number => medianOf(name, (r) => r.eventsPerSecond);
  const cpu = (name: string): number => medianOf(name, (r) => r.cpuMicrosPerEvent);
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const [name] of results) {
    const load = medianOf(name, (r) => r.loadMicrosPerEvent);
    say(
      `${name.padEnd(30)} ${Math.round(rate(name)).toLocaleString('en').padStart(8)} events/s  ` +
        `${cpu(name).toFixed(1).padStart(6)} µs CPU an event  (and ${load.toFixed(1)} µs of the load generator)`,
    );
  }
  const [ours = '', ...peers] = results.keys();
  // Round by round: a machine that is slower for a while is so for neighbours.
  const ratio = (peer: string, pick: (r: Throughput) => number): string => {
    const theirs = (results.get(peer) ?? []).map(pick);
    return `${median((results.get(ours) ?? []).map((r, round) => pick(r) / (theirs[round] ?? NaN))).toFixed(2)} ×`;
  };
  for (const peer of peers) {
    const throughput = ratio(peer, (r) => r.eventsPerSecond);
    say(`ingress to ${peer}: throughput ${throughput}, CPU an event ${ratio(peer, (r) => r.cpuMicrosPerEvent)}`);
  }
  say(line(`at ${STEADY_RATE} events/s`, steady));
  say(
    away === undefined
      ? 'with Kafka away: not measured, as this stack is not ours to hang'
      : line(`at ${STEADY_RATE} events/s with Kafka hung, into the spool`, away),
  );
}
