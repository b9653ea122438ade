import type { Logger } from '../../observability/logger.js';
import type { LeaderSession } from './leader-session.js';

/** Reports each partition once when it cannot be read while others can, and once when it can be read again. */
export class LostPartitions {
  private readonly reported = new Set<number>();

  constructor(
    private readonly topic: string,
    private readonly logger: Logger | undefined,
  ) {}

  /** Number of partitions that cannot be read. */
  get size(): number {
    return this.reported.size;
  }

  report({ leaders, lost }: LeaderSession): void {
    const { topic, logger } = this;
    for (const [partition, err] of lost) {
      if (this.reported.has(partition)) continue;
      this.reported.add(partition);
      const leader = leaders.get(partition);
      logger?.warn(
        { topic, partition, leader, err },
        'could not read a partition: its records wait, the others are read',
      );
    }
    for (const partition of this.reported) {
      if (lost.has(partition)) continue;
      this.reported.delete(partition);
      logger?.info({ topic, partition, leader: leaders.get(partition) }, 'the partition can be read again');
    }
  }
}
