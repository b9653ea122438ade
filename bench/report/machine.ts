import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type as systemType } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../dev/local-stack/folders.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';

/** The machine and the versions that the figures were measured with. */
export type Machine = {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly java: string;
  readonly kafka: string;
  readonly peers: Readonly<Record<string, string>>;
};

/** Version in the stack that a run starts, with Docker or without. */
const KAFKA_VERSION = /\d+(\.\d+)+/.exec(kafkaService.part.folder)?.[0] ?? 'unknown';

const PEER_PACKAGES = ['fastify', 'kafkajs', '@platformatic/kafka', 'minio'];

export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${systemType()} ${release()}`,
    node: process.versions.node,
    java: javaVersion(),
    kafka: KAFKA_VERSION,
    peers: Object.fromEntries(PEER_PACKAGES.map((name) => [name, packageVersion(name)])),
  };
}

export function machineSentence({ processor, cores, memoryGiB, system, node, java, kafka, peers }: Machine): string {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return (
    `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, Java ${java}, Kafka ${kafka}; ` +
    `${versions.join(', ')}.`
  );
}

function javaVersion(): string {
  try {
    // `--version`, unlike `-version`, writes to stdout.
    return /\d+(\.\d+)*/.exec(execFileSync('java', ['--version'], { encoding: 'utf8' }))?.[0] ?? 'unknown';
  } catch {
    return 'none';
  }
}

function packageVersion(name: string): string {
  try {
    const file = join(projectRoot, 'node_modules', name, 'package.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return 'not installed';
  }
}
