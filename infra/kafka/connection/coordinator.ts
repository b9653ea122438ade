import type { Broker, Cluster, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './cluster.js';
import { untilSettled } from './until-settled.js';

/** The broker that keeps the state of a consumer group or of a transactional id. It moves when brokers come and go. */
export class Coordinator {
  private broker: Promise<Broker> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly id: string,
    private readonly type: typeof GROUP_COORDINATOR | typeof TRANSACTION_COORDINATOR,
  ) {}

  /** Asks until it is ready, looking for it anew where it has moved. @throws what the question threw. */
  ask<T>(question: (broker: Broker) => Promise<T>): Promise<T> {
    return untilSettled(async () => {
      const asked = (this.broker ??= this.cluster.findGroupCoordinator({
        groupId: this.id,
        coordinatorType: this.type,
      }));
      try {
        return await question(await asked);
      } catch (error) {
        if (this.broker === asked && MOVED.has((error as { code?: unknown }).code)) this.broker = undefined;
        throw error;
      }
    });
  }
}

/** COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR. */
const MOVED: ReadonlySet<unknown> = new Set([15, 16]);
