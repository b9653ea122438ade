import type { Env } from '../../infra/settings/read-settings.js';
import { givenEndpoints, type StackEndpoints } from './endpoints.js';
import { LOCAL_TOKEN, type ProgramSettings } from './program-settings.js';
import { StackError } from './stack-error.js';

/**
 * The system whose ingress settings give as `INGRESS_URL`, on given endpoints.
 * @throws StackError when the endpoints are missing.
 */
export function givenSystem(env: Env, url: string): Omit<ProgramSettings, 'env'> & { endpoints: StackEndpoints } {
  const endpoints = givenEndpoints(env);
  if (endpoints === undefined) {
    throw new StackError(
      'INGRESS_URL is set, but KAFKA_BROKERS, SCHEMA_REGISTRY_URL and S3_ENDPOINT are not: set them too',
    );
  }
  const token = env.INGRESS_TOKENS?.split(',')[0]?.trim() || LOCAL_TOKEN;
  const processorUrl = env.PROCESSOR_URL ?? '';
  const auth = { header: env.INGRESS_AUTH_HEADER || 'authorization', token };
  return { ingressUrl: url.replace(/\/+$/, ''), processorUrl, auth, endpoints };
}
