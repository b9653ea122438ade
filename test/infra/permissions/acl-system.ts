import { join, resolve } from 'node:path';
import { startProgram } from '../../../dev/local-stack/process/program.js';
import type { ReadyProcess } from '../../../dev/local-stack/process/supervised-process.js';
import { topicNames } from '../../../schemas/topics.js';
import { freePort, startIngressProgram, type IngressProgram } from '../../ingress/ingress-program.js';
import { TOKEN } from '../../ingress/ingress-on-memory.js';
import type { AclUser, NeededAcl } from '../../support/acl-table.js';
import type { Decision, SecureKafka } from '../../support/secure-kafka.js';
import { suiteEnv } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';

export type Admin = ReturnType<SecureKafka['admin']['admin']>;
type AclEntry = Parameters<Admin['createAcls']>[0]['acl'][number];

// Numbers of Kafka's protocol.
const RESOURCES = { topic: 2, group: 3, 'transactional id': 5 } as const;
const OPERATIONS = { Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10 } as const;
const ALLOW = 3;
const LITERAL = 3;
const PREFIXED = 4;

function toEntry({ user, resource, name, isPrefix, operation }: NeededAcl): AclEntry {
  const entry = {
    principal: `User:${user}`,
    host: '*',
    permissionType: ALLOW,
    operation: OPERATIONS[operation],
    resourceType: RESOURCES[resource],
    resourceName: name,
    resourcePatternType: isPrefix ? PREFIXED : LITERAL,
  };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- only infra/kafka may import the enums
  return entry;
}

/** Resolves when the broker applies the ACLs. */
export async function grant(admin: Admin, acls: readonly NeededAcl[]): Promise<void> {
  await admin.createAcls({ acl: acls.map(toEntry) });
}

export async function revoke(admin: Admin, acl: NeededAcl): Promise<void> {
  await admin.deleteAcls({ filters: [toEntry(acl)] });
}

/** `<user> <name> <operation>`, which {@link usedAclText} returns for a decision that this ACL allowed. */
export function aclText({ user, name, operation }: NeededAcl): string {
  return `${user} ${name} ${operation.toUpperCase().replace('DESCRIBECONFIGS', 'DESCRIBE_CONFIGS')}`;
}

export function usedAclText({ user, rule }: Decision): string {
  return `${user} ${rule?.name ?? ''} ${rule?.operation ?? ''}`;
}

/** Creates the topics as docs/permissions.md asks of a platform team. */
export async function createTopics(admin: Admin, prefix: string): Promise<void> {
  const names = topicNames(prefix);
  const logTime = { name: 'message.timestamp.type', value: 'LogAppendTime' };
  const extra: Record<string, { name: string; value: string }[]> = {
    [names.events]: [logTime],
    [names.changelog]: [logTime, { name: 'cleanup.policy', value: 'compact' }],
  };
  const topics = Object.values(names).map((topic) => ({
    topic,
    numPartitions: 2,
    replicationFactor: 1,
    configEntries: [{ name: 'max.message.bytes', value: '2097152' }, ...(extra[topic] ?? [])],
  }));
  await admin.createTopics({ topics, waitForLeaders: true });
}

/** An ingress, a join and an archive, each with a Kafka user of its own. */
export type AclSystem = {
  readonly ingress: IngressProgram;
  readonly join: ReadyProcess;
  readonly archive: ReadyProcess;
  /** @returns status and body of the answer. */
  readonly post: (body: object | string) => Promise<{ status: number; stored: unknown }>;
};

export type AclSystemOptions = {
  readonly kafka: SecureKafka;
  readonly prefix: string;
  readonly group: string;
  readonly settings: Readonly<Record<string, string>>;
};

/** Starts the three programs and waits until they are ready. They end with the test. */
export async function startAclSystem({ kafka, prefix, group, settings }: AclSystemOptions): Promise<AclSystem> {
  const env = { ...suiteEnv('permissions'), TOPIC_PREFIX: prefix, ...settings };
  const startRole = async (role: Exclude<AclUser, 'ingress'>) => {
    const port = await freePort();
    return startProgram({
      name: role,
      script: resolve('dist/processor/main.js'),
      env: {
        PATH: process.env['PATH'],
        ...env,
        ...kafka.login(role),
        PROCESSOR_ROLES: role,
        PROCESSOR_GROUP_ID: group,
        PROCESSOR_HOST: '127.0.0.1',
        PROCESSOR_PORT: String(port),
        ARCHIVE_SPILL_DIR: tempDir(),
        S3_BUCKET: 'permissions',
      },
      logFile: join(tempDir(), `${role}.log`),
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
  };
  const ingress = await startIngressProgram({ ...env, ...kafka.login('ingress') });
  await ingress.ready();
  const [joinRole, archive] = await Promise.all([startRole('join'), startRole('archive')]);
  await Promise.all([joinRole.waitReady(), archive.waitReady()]);
  return { ingress, join: joinRole, archive, post: (body) => post(ingress.url, body) };
}

async function post(url: string, body: object | string) {
  const response = await fetch(`${url}/v1/webhooks/pathors`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { stored } = (await response.json()) as { stored?: unknown };
  return { status: response.status, stored };
}
