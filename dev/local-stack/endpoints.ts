import { isLoopback } from '../../infra/settings/common.js';
import type { Env } from '../../infra/settings/read-settings.js';
import type { PortPlan } from './tcp-ports.js';
import { StackError } from './stack-error.js';

/** Addresses of the stack's services, under the names of the settings that ingress and processor read. */
export type StackEndpoints = {
  readonly KAFKA_BROKERS: string;
  readonly SCHEMA_REGISTRY_URL: string;
  readonly S3_ENDPOINT: string;
  readonly S3_REGION: string;
  readonly S3_ACCESS_KEY: string;
  readonly S3_SECRET_KEY: string;
  readonly S3_BUCKET: string;
  /** Absent with given endpoints unless set: the programs then use their default. */
  readonly TOPIC_REPLICATION_FACTOR?: string;
};

const ADDRESSES = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'S3_ENDPOINT'] as const;

/** Endpoints of a stack that runs on this machine, on the ports of `plan`. */
export function localEndpoints(plan: PortPlan, env: Env): StackEndpoints {
  return {
    KAFKA_BROKERS: `127.0.0.1:${plan.kafka}`,
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${plan.registry}/apis/ccompat/v7`,
    S3_ENDPOINT: `http://127.0.0.1:${plan.minio}`,
    ...storeSettings(env),
    TOPIC_REPLICATION_FACTOR: '1',
  };
}

/**
 * Endpoints from the settings; undefined when none is set.
 * @throws StackError when only some are set, which is most likely a mistake.
 */
export function givenEndpoints(env: Env): StackEndpoints | undefined {
  const [brokers, registry, store] = ADDRESSES.map((name) => env[name] || undefined);
  if (brokers && registry && store) {
    return {
      KAFKA_BROKERS: brokers,
      SCHEMA_REGISTRY_URL: registry,
      S3_ENDPOINT: store,
      ...storeSettings(env),
      // There is no default for the keys of an object store elsewhere. Empty counts as unset.
      ...(isLocal(store) ? {} : { S3_ACCESS_KEY: env.S3_ACCESS_KEY ?? '', S3_SECRET_KEY: env.S3_SECRET_KEY ?? '' }),
      ...(env.TOPIC_REPLICATION_FACTOR ? { TOPIC_REPLICATION_FACTOR: env.TOPIC_REPLICATION_FACTOR } : {}),
    };
  }
  const given = ADDRESSES.filter((name) => env[name]);
  if (given.length === 0) return undefined;
  const absent = ADDRESSES.filter((name) => !env[name]);
  throw new StackError(
    `${given.join(' and ')} set, but not ${absent.join(' and ')}: set all three to use services of your own, or none to start a local stack`,
  );
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}

function storeSettings(env: Env) {
  return {
    S3_REGION: env.S3_REGION || 'us-east-1',
    // MinIO's well-known default keys, for an object store that listens on this machine only.
    S3_ACCESS_KEY: env.S3_ACCESS_KEY || 'minioadmin',
    S3_SECRET_KEY: env.S3_SECRET_KEY || 'minioadmin',
    S3_BUCKET: env.S3_BUCKET || 'recordings',
  };
}
