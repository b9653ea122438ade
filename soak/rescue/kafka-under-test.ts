import { join } from 'node:path';
import { cacheDir } from '../../dev/local-stack/folders.js';
import { localEndpoints, type StackEndpoints } from '../../dev/local-stack/endpoints.js';
import { install } from '../../dev/local-stack/services/cache.js';
import { kafkaService } from '../../dev/local-stack/services/kafka-service.js';
import type { ServiceOptions } from '../../dev/local-stack/services/native-service.js';
import { withReadiness } from '../../dev/local-stack/services/readiness.js';
import { portPlan } from '../../dev/local-stack/tcp-ports.js';
import type { ReadyProcess } from '../../dev/local-stack/process/supervised-process.js';
import type { Env } from '../../infra/settings/read-settings.js';

/** A separate Kafka process. Unlike the local stack's, it stays down after a kill. It cannot outlive this process. */
export class KafkaUnderTest {
  readonly endpoints: StackEndpoints;
  private readonly context: ServiceOptions;
  private kafka: ReadyProcess | undefined;

  /** @param base start of a block of free ports, of which it uses two. */
  constructor(dir: string, base: number, env: Env) {
    const ports = portPlan({}, base);
    this.endpoints = localEndpoints(ports, env);
    const installed = join(cacheDir(env), kafkaService.part.folder);
    this.context = { dir, installed, ports, endpoints: this.endpoints, env };
  }

  /** Resolves when Kafka is ready. */
  async start(signal: AbortSignal): Promise<void> {
    const { context } = this;
    await install(kafkaService.part, { cache: cacheDir(context.env), log: () => undefined, signal });
    const started = await kafkaService.start(context);
    this.kafka = withReadiness(started, kafkaService.probe(context), kafkaService.deadlineMs);
    await this.kafka.waitReady({ signal });
  }

  /** Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.kafka?.kill();
  }

  async stop(): Promise<void> {
    await this.kafka?.stop();
  }
}
