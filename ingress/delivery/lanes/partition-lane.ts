import type { Clock } from '../../../infra/async/clock.js';
import type { Logger } from '../../../infra/observability/logger.js';
import type { IncomingRecord } from '../../record.js';
import type { PartitionId } from '../../../infra/spool/partition-folders.js';
import type { Spool } from '../../spool/spool.js';
import { DeliveryRoute, type DeliveryRouteDeps } from '../delivery-route.js';
import type { Drainer } from '../drainer.js';
import type { KafkaLine } from '../kafka-line.js';
import { Parking } from './parking.js';

export type PartitionLaneDeps = Pick<DeliveryRouteDeps, 'topic' | 'onSpooled' | 'onFailure' | 'onRejected'> & {
  readonly line: Pick<KafkaLine, 'trouble' | 'troubleOf' | 'partitions' | 'send' | 'withdraw'>;
  readonly createDrainer: (spool: Spool) => Drainer;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly stopped: AbortSignal;
};

/** The way of one partition's records while the partition is in trouble: a route, a spool and a drainer of their own. */
export class PartitionLane {
  readonly route: DeliveryRoute;
  private readonly parking: Parking;
  private spool: Spool | undefined;
  private drainer: Drainer | undefined;

  constructor(
    readonly id: PartitionId,
    private readonly deps: PartitionLaneDeps,
  ) {
    const { line, logger, clock, stopped } = deps;
    const only = new Set([id.partition]);
    this.route = new DeliveryRoute({
      ...deps,
      logger: logger.child({ partition: id.partition }),
      line: { trouble: () => this.trouble(), send: line.send, withdraw: () => line.withdraw(only) },
    });
    const store: ConstructorParameters<typeof Parking>[0]['store'] = (record, settle) =>
      this.route.accept(record, settle, true);
    this.parking = new Parking({ store, clock, stopped });
  }

  /** Adds the spool. Without it, records of the partition are refused while it is in trouble. */
  open(spool: Spool): void {
    this.spool = spool;
    this.route.open(spool);
  }

  /** Begins to send the spool's records. */
  drain(): void {
    if (this.spool === undefined || this.drainer !== undefined) return;
    this.drainer = this.deps.createDrainer(this.spool);
    void this.drainer.run();
  }

  stop(): void {
    this.drainer?.stop();
  }

  /** Moves a record of the spool of all partitions into this lane. Calls `done` once it is durable. */
  park(record: IncomingRecord, done: () => void): void {
    this.parking.park(record, done);
  }

  /** Whether the partition's records may go with those of all other partitions again, if all of those go straight to Kafka. */
  get isIdle(): boolean {
    return this.isOutdated ? (this.spool?.isEmpty ?? true) : this.route.isDirect;
  }

  private trouble(): string | undefined {
    const { line } = this.deps;
    if (this.isOutdated) return 'the topic has another number of partitions now';
    return line.trouble() ?? line.troubleOf(this.id.partition);
  }

  /** With another number of partitions the lane's keys belong to several. */
  private get isOutdated(): boolean {
    const { partitions } = this.deps.line;
    return partitions !== undefined && partitions !== this.id.of;
  }
}
