import type { Clock } from '../../async/clock.js';
import { reactionTo } from '../protocol/error-codes.js';
import type { Broker, Cluster, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './cluster.js';
import { untilSettled } from './until-settled.js';

/** The broker that keeps the state of a consumer group or of a transactional id. It changes when brokers come and go. */
export class Coordinator {
  private broker: Promise<Broker> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly id: string,
    private readonly type: typeof GROUP_COORDINATOR | typeof TRANSACTION_COORDINATOR,
    private readonly clock: Clock,
  ) {}

  /** Asks until the coordinator is ready, and finds it again after it has moved. @throws Error of the question. */
  ask<T>(question: (broker: Broker) => Promise<T>): Promise<T> {
    return untilSettled(async () => {
      const asked = (this.broker ??= this.cluster.findGroupCoordinator({
        groupId: this.id,
        coordinatorType: this.type,
      }));
      try {
        return await question(await asked);
      } catch (error) {
        if (this.broker === asked && reactionTo(error) === 'find coordinator') this.broker = undefined;
        throw error;
      }
    }, this.clock);
  }
}
