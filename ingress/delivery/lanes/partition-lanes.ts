import { partitionOfKey } from '../../../infra/kafka/protocol/murmur2.js';
import type { IncomingRecord } from '../../record.js';
import type { PartitionId } from '../../../infra/spool/partition-folders.js';
import type { Spool } from '../../spool/spool.js';
import type { KafkaLine } from '../kafka-line.js';
import type { PartitionLane } from './partition-lane.js';
import type { PendingRecord } from '../pending-record.js';

export type PartitionLanesDeps = {
  readonly line: Pick<
    KafkaLine,
    'isWhole' | 'trouble' | 'troubleOf' | 'partitions' | 'send' | 'withdraw' | 'withdrawDraining' | 'deliver'
  >;
  readonly createLane: (id: PartitionId) => PartitionLane;
};

/**
 * Separates the partitions that are in trouble from the others, beneath the delivery route of the topic. While that route is direct, or
 * drains its spool, the records of a partition in trouble turn into a {@link PartitionLane}; all others go to Kafka.
 *
 * Order: what a lane holds is older than everything of its partition that the route's spool holds, because a lane gets new records only from
 * a route whose spool is empty, and old ones in the order of that spool. A lane ends when it holds nothing and the route is direct.
 */
export class PartitionLanes {
  private readonly lanes = new Map<string, PartitionLane>();
  /** Those with the smallest number of partitions first: after a change of the number, they have the older records. */
  private active: readonly PartitionLane[] = [];
  private spoolOf: ((id: PartitionId) => Spool) | undefined;
  private isDraining = false;

  constructor(private readonly deps: PartitionLanesDeps) {}

  /** Adds the spools; those that hold records begin at once. */
  open(spoolOf: (id: PartitionId) => Spool): void {
    this.spoolOf = spoolOf;
    for (const lane of this.lanes.values()) lane.open(spoolOf(lane.id));
  }

  /** Continues with a partition whose spool holds records of an earlier process. */
  resume(id: PartitionId): void {
    this.activate(id);
  }

  /** Begins to send the spools' records. */
  drain(): void {
    this.isDraining = true;
    for (const lane of this.lanes.values()) lane.drain();
  }

  /** Takes a record that the route sends to Kafka. Call it while the route is direct. */
  send(pending: PendingRecord): void {
    if (this.active.some(({ isIdle }) => isIdle)) this.active = this.active.filter(({ isIdle }) => !isIdle);
    const lane = this.laneOf(pending.record.key);
    if (lane === undefined) this.deps.line.send(pending);
    else lane.route.accept(pending.record, (outcome) => pending.answer(outcome));
  }

  /** Takes a record of the route's spool. Resolves once it is in Kafka, or in the spool of its partition. */
  deliver(record: IncomingRecord): Promise<void> {
    const lane = this.laneOf(record.key);
    if (lane === undefined) return this.deps.line.deliver(record);
    return new Promise((resolve) => lane.park(record, resolve));
  }

  /** Moves the pending records of partitions into their lanes, before anything later can reach Kafka. */
  isolate(partitions: ReadonlySet<number>, reason: string): void {
    const { partitions: of } = this.deps.line;
    if (of === undefined) return;
    for (const partition of partitions) this.activate({ partition, of }).route.takeOver(reason);
  }

  /** Moves all pending records of lanes into their spools. */
  takeOver(reason: string): void {
    for (const lane of this.active) lane.route.takeOver(reason);
  }

  /** Records held in memory by lanes. */
  get heldRecords(): number {
    return this.active.reduce((sum, { route }) => sum + route.heldRecords, 0);
  }

  /** The partitions whose records do not go straight to Kafka. */
  get unavailable(): number {
    return this.active.filter(({ isIdle }) => !isIdle).length;
  }

  stop(): void {
    for (const lane of this.lanes.values()) lane.stop();
  }

  private laneOf(key: string | null): PartitionLane | undefined {
    const { line } = this.deps;
    if (this.active.length === 0 && line.isWhole) return undefined;
    // A record without a key goes to any partition that works.
    if (key === null) return undefined;
    for (const lane of this.active) if (partitionOfKey(key, lane.id.of) === lane.id.partition) return lane;
    const { partitions: of } = line;
    // Trouble with all partitions is the route's.
    if (of === undefined || line.trouble() !== undefined) return undefined;
    const partition = partitionOfKey(key, of);
    return line.troubleOf(partition) === undefined ? undefined : this.activate({ partition, of });
  }

  private activate(id: PartitionId): PartitionLane {
    const name = `${id.partition}-of-${id.of}`;
    let lane = this.lanes.get(name);
    if (lane === undefined) {
      this.lanes.set(name, (lane = this.deps.createLane(id)));
      if (this.spoolOf !== undefined) lane.open(this.spoolOf(id));
      if (this.isDraining) lane.drain();
    }
    if (this.active.includes(lane)) return lane;
    this.active = [...this.active, lane].sort((a, b) => a.id.of - b.id.of);
    // Records of the route's spool that are under way to this partition would wait there, and the route's spool with them.
    for (const { record, done } of this.deps.line.withdrawDraining(id.partition)) {
      lane.park(record, () => done(undefined));
    }
    return lane;
  }
}
