import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFile } from '../folders.js';
import { serviceEnv, type NativeService, type ServiceOptions } from './native-service.js';
import { kafkaCoordinatorProbe } from './kafka-probe.js';
import { supervise, type SupervisedProcess } from '../process/supervised-process.js';
import { StackError } from '../stack-error.js';
import { commandOf } from './toolchain.js';

const POM = sourceFile('services/pom.xml');
// The pom determines the versions of all jars, so another pom means another part.
const POM_HASH = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 8);

/** Apache Kafka in KRaft mode: broker and controller in one Java process. */
export const kafkaService: NativeService = {
  name: 'Kafka',
  part: {
    name: 'Kafka',
    folder: `kafka-4.1.0-${POM_HASH}`,
    doing: 'fetching Kafka from Maven Central (once, about 10 s)',
    commands: (into) => [['mvn', '-B', '-q', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${into}`]],
  },
  toInstall: ['java', 'mvn'],
  toRun: ['java'],
  deadlineMs: 90_000,
  probe: ({ ports }) => kafkaCoordinatorProbe('127.0.0.1', ports.kafka),
  start: (options) => startKafka(options),
};

/** What a broker of a test does differently from that of the local stack. */
export type BrokerOverrides = {
  /** Lines of `server.properties` that replace or extend those of the local stack. */
  readonly properties?: string;
  /** Log4j2 files in addition to that of the local stack. */
  readonly logging?: readonly string[];
};

/** Starts a broker on its data, which it creates if they are missing; returns before it is ready. */
export async function startKafka(options: ServiceOptions, overrides: BrokerOverrides = {}): Promise<SupervisedProcess> {
  const dir = join(options.dir, 'kafka');
  mkdirSync(dir, { recursive: true });
  const properties = join(dir, 'server.properties');
  // The last of several lines for one property counts.
  writeFileSync(properties, `${serverProperties(join(dir, 'data'), options)}${overrides.properties ?? ''}`);
  if (!existsSync(join(dir, 'data', 'meta.properties'))) await format(options, properties);
  return run(
    options,
    'Kafka',
    ['-Xms192m', '-Xmx512m', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'],
    ['kafka.Kafka', properties],
    overrides.logging,
  );
}

async function format(options: ServiceOptions, properties: string): Promise<void> {
  // The tool would read an id that starts with a dash as an option.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const tool = run(
    options,
    'Kafka storage tool',
    [],
    ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties],
  );
  const exit = await tool.exited;
  if (exit.code !== 0) throw new StackError(`could not format Kafka's storage: ${tool.lastLogLines(3).join(' | ')}`);
}

function run(
  options: ServiceOptions,
  name: string,
  jvm: readonly string[],
  args: readonly string[],
  logging: readonly string[] = [],
) {
  const log4j = [sourceFile('services/log4j2.properties'), ...logging];
  return supervise({
    name,
    command: [
      commandOf('java', options.env),
      ...jvm,
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${log4j.join(',')}`,
      '-cp',
      join(options.installed, '*'),
      ...args,
    ],
    env: serviceEnv(options.env),
    logFile: join(options.dir, 'logs', 'kafka.log'),
    graceMs: 10_000,
  });
}

/** Settings of a single broker on a laptop: no replicas, few internal partitions to load, no automatic topics. */
function serverProperties(data: string, { ports }: ServiceOptions): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports.kafkaController}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${ports.kafka},CONTROLLER://127.0.0.1:${ports.kafkaController}
advertised.listeners=PLAINTEXT://127.0.0.1:${ports.kafka}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=10
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=10
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
`;
}
