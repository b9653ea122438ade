import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { localEndpoints } from '../../dev/local-stack/endpoints.js';
import { install } from '../../dev/local-stack/services/cache.js';
import { kafkaService, startKafka } from '../../dev/local-stack/services/kafka-service.js';
import type { ServiceOptions } from '../../dev/local-stack/services/native-service.js';
import { tcpProbe } from '../../dev/local-stack/services/kafka-probe.js';
import { withReadiness } from '../../dev/local-stack/services/readiness.js';
import { findFreeBase, portPlan } from '../../dev/local-stack/tcp-ports.js';
import { createKafka, type Kafka } from '../../infra/kafka/connection/client.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { silent } from './stack-settings.js';

const USERS = ['admin', 'ingress', 'join', 'archive'] as const;
export type KafkaUser = (typeof USERS)[number];

/** A broker on which users log in, and may do only what ACLs allow; `admin` may do everything. */
export type SecureKafka = {
  readonly brokers: string;
  /** Settings with which a program logs in as this user. */
  readonly login: (user: KafkaUser) => Record<string, string>;
  readonly admin: Kafka;
  /** What the authorizer has decided so far, oldest first. */
  readonly decisions: () => readonly Decision[];
  readonly stop: () => Promise<void>;
};

export type Decision = {
  readonly user: string;
  readonly verdict: 'Allowed' | 'Denied';
  readonly operation: string;
  /** `Topic:LITERAL:session.events` */
  readonly resource: string;
  readonly request: string;
  /** The ACL that allowed it: name of its resource, and its operation. */
  readonly rule: { readonly name: string; readonly operation: string } | undefined;
};

const passwordOf = (user: KafkaUser): string => `${user}-secret`;

/** Starts a broker of its own on free ports, with SASL/PLAIN and Kafka's StandardAuthorizer. */
export async function startSecureKafka(): Promise<SecureKafka> {
  const env = process.env;
  const dir = mkdtempSync(join(tmpdir(), 'secure-kafka-'));
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const installed = await install(kafkaService.part, { cache: cacheDir(env), log });
  const ports = portPlan(env, await findFreeBase());
  const options: ServiceOptions = { dir, installed, ports, endpoints: localEndpoints(ports, env), env };
  const logging = join(dir, 'authorizer-log.properties');
  writeFileSync(logging, authorizerLog(join(dir, 'authorizer.log')));
  const properties = secureProperties(ports.kafka, ports.kafkaController);
  const broker = await startKafka(options, { properties, logging: [logging] });
  const stop = async () => {
    await broker.kill();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await withReadiness(broker, tcpProbe('127.0.0.1', ports.kafka), kafkaService.deadlineMs).waitReady();
  } catch (error) {
    await stop();
    throw error;
  }
  const brokers = `127.0.0.1:${ports.kafka}`;
  const login = (user: KafkaUser) => ({
    KAFKA_BROKERS: brokers,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: passwordOf(user),
  });
  const admin = createKafka(readSettings(login('admin'), commonSpecs, commonFaults), 'test', silent);
  const decisions = () => readFileSync(join(dir, 'authorizer.log'), 'utf8').split('\n').flatMap(toDecision);
  return { brokers, login, admin, decisions, stop };
}

function secureProperties(port: number, controllerPort: number): string {
  const users = USERS.map((user) => `user_${user}="${passwordOf(user)}"`);
  const login = `username="admin" password="${passwordOf('admin')}" ${users.join(' ')}`;
  // The controller's listener, on this machine only, has no login: its user is ANONYMOUS.
  return `listeners=CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=CLIENTS://127.0.0.1:${port}
inter.broker.listener.name=CLIENTS
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ${login};
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
allow.everyone.if.no.acl.found=false
`;
}

/** Every decision of the authorizer, one a line. */
function authorizerLog(file: string): string {
  return `appender.authorizer.type = File
appender.authorizer.name = authorizer
appender.authorizer.fileName = ${file}
appender.authorizer.layout.type = PatternLayout
appender.authorizer.layout.pattern = %m%n
logger.authorizer.name = kafka.authorizer.logger
logger.authorizer.level = debug
logger.authorizer.additivity = false
logger.authorizer.appenderRef.authorizer.ref = authorizer
`;
}

const DECISION =
  /^Principal = User:(\S+) is (Allowed|Denied) operation = (\w+) from host = \S+ on resource = (\S+) for request = (\w+) with resourceRefCount = \d+(?:.* resourceName=(\S+), .* operation=(\w+), .*)?/;

function toDecision(line: string): Decision[] {
  const match = DECISION.exec(line);
  if (match === null) return [];
  const [, user = '', verdict, operation = '', resource = '', request = '', ruleName, ruleOperation = ''] = match;
  return [
    {
      user,
      verdict: verdict === 'Denied' ? 'Denied' : 'Allowed',
      operation,
      resource,
      request,
      rule: ruleName === undefined ? undefined : { name: ruleName, operation: ruleOperation },
    },
  ];
}
