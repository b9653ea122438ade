/** State of an assigned partition in one observation. */
export type PartitionProgress = {
  readonly partition: number;
  /** Whether its task has taken over the partition and restored its state. */
  readonly isOpen: boolean;
  /** Whether records wait for the task; always true while the task is not open. */
  readonly isBehind: boolean;
  /** Grows with each step: the number of restored records, then the position. */
  readonly steps: number;
};

/** One observation of the join. */
export type Observation = {
  /** Monotonic time, ms. */
  readonly atMs: number;
  /** Whether the brokers returned the end of the topic. */
  readonly brokersAnswer: boolean;
  /** The assigned partitions, possibly none; `undefined` while there is no assignment. */
  readonly partitions: readonly PartitionProgress[] | undefined;
};

export type Progress =
  | { readonly kind: 'moving' }
  /** There is work, and nothing has moved for a while: not ready. */
  | { readonly kind: 'stalled'; readonly reason: string }
  /** The join will not recover by itself: exit, so that the supervisor restarts the process. */
  | { readonly kind: 'stuck'; readonly reason: string };

export type ProgressLimits = {
  /** Time without a step, although there is work, until the join is stalled. */
  readonly stalledAfterMs: number;
  /** The same until it is stuck. A hand-over waits at most 30 s, for the old owner's open transaction. */
  readonly stuckAfterMs: number;
  /** Time without an answer from the brokers until it is stuck: perhaps only this process cannot reach them. */
  readonly brokersUnavailableMs: number;
};

/** Longest time that one observation adds, so that a process that was paused gets the time to move again. */
const MAX_STEP_MS = 10_000;

type Waiting = { isOpen: boolean; steps: number; stillForMs: number };

/**
 * Decides from observations whether the join moves. It has no clock and does no I/O.
 *
 * Time counts against the join only while it could have moved: not while the brokers do not answer.
 */
export class ProgressWatch {
  private readonly waiting = new Map<number, Waiting>();
  private observedAtMs: number | undefined;
  private unassignedForMs = 0;
  private unansweredForMs = 0;

  constructor(private readonly limits: ProgressLimits) {}

  observe({ atMs, brokersAnswer, partitions }: Observation): Progress {
    const elapsedMs = Math.max(0, atMs - (this.observedAtMs ?? atMs));
    const stepMs = Math.min(elapsedMs, MAX_STEP_MS);
    this.observedAtMs = atMs;
    this.unansweredForMs = brokersAnswer ? 0 : this.unansweredForMs + elapsedMs;
    if (!brokersAnswer) {
      return this.judge(this.unansweredForMs, this.limits.brokersUnavailableMs, 'the brokers do not answer');
    }
    if (partitions === undefined) {
      this.waiting.clear();
      this.unassignedForMs += stepMs;
      return this.judge(this.unassignedForMs, this.limits.stuckAfterMs, 'the join has no assignment');
    }
    this.unassignedForMs = 0;
    return this.observePartitions(partitions, stepMs);
  }

  private observePartitions(partitions: readonly PartitionProgress[], stepMs: number): Progress {
    for (const partition of this.waiting.keys()) {
      if (!partitions.some((one) => one.partition === partition && one.isBehind)) this.waiting.delete(partition);
    }
    let worst: Waiting | undefined;
    let worstPartition = -1;
    for (const { partition, isOpen, isBehind, steps } of partitions) {
      if (!isBehind) continue;
      const before = this.waiting.get(partition);
      const isStill = before !== undefined && before.isOpen === isOpen && before.steps === steps;
      const now = { isOpen, steps, stillForMs: isStill ? before.stillForMs + stepMs : 0 };
      this.waiting.set(partition, now);
      if (worst !== undefined && worst.stillForMs >= now.stillForMs) continue;
      worst = now;
      worstPartition = partition;
    }
    if (worst === undefined) return { kind: 'moving' };
    const where = worst.isOpen ? `offset ${worst.steps}, though records wait` : 'the restore of its state';
    return this.judge(
      worst.stillForMs,
      this.limits.stuckAfterMs,
      `partition ${worstPartition} stands still at ${where}`,
    );
  }

  private judge(forMs: number, stuckAfterMs: number, what: string): Progress {
    if (forMs < Math.min(this.limits.stalledAfterMs, stuckAfterMs)) return { kind: 'moving' };
    const reason = `${what}, for ${Math.round(forMs / 1_000)} s`;
    return { kind: forMs < stuckAfterMs ? 'stalled' : 'stuck', reason };
  }
}
