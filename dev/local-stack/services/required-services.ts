import type { Env } from '../../../infra/settings/read-settings.js';
import type { StackEndpoints } from '../endpoints.js';
import { kafkaProbe, tcpProbe } from './kafka-probe.js';
import { httpProbe, untilReady, type Probe } from './readiness.js';
import { StackError } from '../stack-error.js';

const DEADLINE_MS = 5_000;

/**
 * Checks that services which this process did not start answer.
 * @param origin tells in the message where the addresses come from.
 * @throws StackError that names those that do not answer within 5 s.
 */
export async function requireServices(
  endpoints: StackEndpoints,
  env: Env,
  origin: string,
  signal?: AbortSignal,
): Promise<void> {
  const asked: [string, Probe][] = [
    [`Kafka at ${endpoints.KAFKA_BROKERS}`, anyBroker(endpoints, env)],
    [
      `schema registry at ${endpoints.SCHEMA_REGISTRY_URL}`,
      httpProbe(`${endpoints.SCHEMA_REGISTRY_URL}/subjects`, credentials(env)),
    ],
    // Any answer is enough: only MinIO has a health page.
    [
      `object store at ${endpoints.S3_ENDPOINT}`,
      httpProbe(endpoints.S3_ENDPOINT, { statuses: [200, 301, 302, 307, 400, 403, 404, 405] }),
    ],
  ];
  const answers = await Promise.allSettled(asked.map(([name, probe]) => untilReady(name, probe, DEADLINE_MS, signal)));
  signal?.throwIfAborted();
  const silent = asked.filter((_, index) => answers[index]?.status === 'rejected').map(([name]) => name);
  if (silent.length > 0)
    throw new StackError(`no answer within 5 s from the ${silent.join(', nor from the ')} (${origin})`);
}

function anyBroker(endpoints: StackEndpoints, env: Env): Probe {
  const brokers = endpoints.KAFKA_BROKERS.split(',').map((broker) => broker.trim());
  // A TLS listener does not understand a plain-text request.
  const probe = env.KAFKA_SSL === 'true' ? tcpProbe : kafkaProbe;
  return async () => {
    const answers = brokers.map((broker) => {
      const colon = broker.lastIndexOf(':');
      return probe(broker.slice(0, colon).replace(/^\[|\]$/g, ''), Number(broker.slice(colon + 1)));
    });
    return (await Promise.all(answers.map((answer) => answer().catch(() => false)))).some(Boolean);
  };
}

function credentials(env: Env): { headers?: Record<string, string> } {
  if (!env.SCHEMA_REGISTRY_USERNAME) return {};
  const pair = `${env.SCHEMA_REGISTRY_USERNAME}:${env.SCHEMA_REGISTRY_PASSWORD ?? ''}`;
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}
