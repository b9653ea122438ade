import { DockerComposeEnvironment, Wait } from 'testcontainers';
import { composeVariables, STACK_SERVICES } from '../../../dev/local-stack/docker-stack.js';
import { localEndpoints, type StackEndpoints } from '../../../dev/local-stack/endpoints.js';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { kafkaCoordinatorProbe } from '../../../dev/local-stack/services/kafka-probe.js';
import { findFreeBase, portPlan } from '../../../dev/local-stack/tcp-ports.js';
import { untilReady } from '../../../dev/local-stack/services/readiness.js';

/** A stack for tests. `stop` removes its containers and volumes. */
export type ComposeStack = { readonly endpoints: StackEndpoints; readonly stop: () => Promise<void> };

/**
 * Starts the stack's services of `docker-compose.yml` with testcontainers, on free ports, and resolves once all health checks
 * pass. For machines on which a Docker engine answers.
 */
export async function startComposeStack(): Promise<ComposeStack> {
  const ports = portPlan({}, await findFreeBase());
  const endpoints = localEndpoints(ports, {});
  let environment = new DockerComposeEnvironment(projectRoot, 'docker-compose.yml').withEnvironment(
    composeVariables(ports, endpoints),
  );
  for (const service of STACK_SERVICES)
    environment = environment.withWaitStrategy(`${service}-1`, Wait.forHealthCheck());
  const started = await environment.up([...STACK_SERVICES]);
  await untilReady('Kafka', kafkaCoordinatorProbe('127.0.0.1', ports.kafka), 60_000);
  return {
    endpoints,
    stop: async () => {
      await started.down({ removeVolumes: true });
    },
  };
}
