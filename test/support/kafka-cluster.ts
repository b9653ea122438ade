import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, sourceFile } from '../../dev/local-stack/folders.js';
import { supervise, type SupervisedProcess } from '../../dev/local-stack/process/supervised-process.js';
import { install } from '../../dev/local-stack/services/cache.js';
import { kafkaProbe } from '../../dev/local-stack/services/kafka-probe.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';
import { serviceEnv } from '../../dev/local-stack/services/native-service.js';
import { untilReady } from '../../dev/local-stack/services/readiness.js';
import { commandOf } from '../../dev/local-stack/services/toolchain.js';

const CLUSTER_ID = 'dGhyZWUtYnJva2Vycy0xMg';
const DEADLINE_MS = 120_000;

type BrokerPorts = { readonly broker: number; readonly controller: number };

/** Several Kafka brokers on this machine, each of which can be stopped and started. Broker 1 is also the controller. */
export class KafkaCluster {
  private readonly running = new Map<number, SupervisedProcess>();

  private constructor(
    private readonly dir: string,
    private readonly installed: string,
    private readonly ports: readonly BrokerPorts[],
  ) {}

  /** @param ports one pair for each broker. */
  static async start(dir: string, ports: readonly BrokerPorts[]): Promise<KafkaCluster> {
    const installed = await install(kafkaService.part, { cache: cacheDir(process.env), log: () => undefined });
    const cluster = new KafkaCluster(dir, installed, ports);
    await Promise.all(ports.map((_, index) => cluster.startBroker(index + 1)));
    return cluster;
  }

  get bootstrap(): string {
    return this.ports.map(({ broker }) => `127.0.0.1:${broker}`).join(',');
  }

  /** Starts a broker with the data of its last run, and waits until it answers. */
  async startBroker(id: number): Promise<void> {
    const data = join(this.dir, `broker-${id}`);
    mkdirSync(data, { recursive: true });
    const properties = join(data, 'server.properties');
    writeFileSync(properties, this.properties(id, data));
    if (!existsSync(join(data, 'data', 'meta.properties'))) {
      const tool = this.java(`format-${id}`, ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties]);
      const { code } = await tool.exited;
      if (code !== 0) throw new Error(`could not format broker ${id}: ${tool.lastLogLines(5).join(' | ')}`);
    }
    this.running.set(id, this.java(`broker-${id}`, ['kafka.Kafka', properties]));
    const { broker } = this.ports[id - 1] as BrokerPorts;
    await untilReady(`broker ${id}`, kafkaProbe('127.0.0.1', broker), DEADLINE_MS);
  }

  /** SIGKILL. */
  async killBroker(id: number): Promise<void> {
    await this.running.get(id)?.kill();
    this.running.delete(id);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((broker) => broker.kill()));
  }

  private java(name: string, args: readonly string[]): SupervisedProcess {
    return supervise({
      name,
      command: [
        commandOf('java', process.env),
        '-Xms96m',
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        `-Dlog4j2.configurationFile=${sourceFile('services/log4j2.properties')}`,
        '-cp',
        join(this.installed, '*'),
        ...args,
      ],
      env: serviceEnv(process.env),
      logFile: join(this.dir, `${name}.log`),
      graceMs: 5_000,
    });
  }

  /** Internal topics have two replicas, so that any one broker may stop. A stopped broker is noticed after three seconds. */
  private properties(id: number, data: string): string {
    const { broker, controller } = this.ports[id - 1] as BrokerPorts;
    const quorum = this.ports[0] as BrokerPorts;
    const isController = id === 1;
    const listeners = [`PLAINTEXT://127.0.0.1:${broker}`];
    if (isController) listeners.push(`CONTROLLER://127.0.0.1:${controller}`);
    return `process.roles=${isController ? 'broker,controller' : 'broker'}
node.id=${id}
controller.quorum.voters=1@127.0.0.1:${quorum.controller}
controller.listener.names=CONTROLLER
listeners=${listeners.join(',')}
advertised.listeners=PLAINTEXT://127.0.0.1:${broker}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${join(data, 'data')}
auto.create.topics.enable=false
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
min.insync.replicas=1
offsets.topic.num.partitions=3
offsets.topic.replication.factor=2
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=2
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`;
  }
}
