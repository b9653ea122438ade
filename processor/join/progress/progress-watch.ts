/** What a look at a partition of ours showed. */
export type PartitionSight = {
  readonly partition: number;
  /** Whether its task has taken it over and restored its state. */
  readonly isOpen: boolean;
  /** Whether records wait for it; of a task that is not open the answer is yes. */
  readonly isBehind: boolean;
  /** Grows with each step forward: records restored, then the position. */
  readonly steps: number;
};

/** What one look at the join showed. */
export type Sight = {
  /** By a clock that never goes back, ms. */
  readonly atMs: number;
  /** Whether the brokers told the end of the topic. */
  readonly brokersAnswer: boolean;
  /** What the tasks rightly wait for, the schema registry; `undefined` when nothing. */
  readonly waitsFor: string | undefined;
  /** The partitions that are ours, none included; `undefined` while there is no assignment. */
  readonly partitions: readonly PartitionSight[] | undefined;
};

export type Progress =
  | { readonly kind: 'moving' }
  /** Nothing has moved for a while though there is work: not ready. */
  | { readonly kind: 'stalled'; readonly reason: string }
  /** It will not move again by itself: exit, and let the supervisor start the process anew. */
  | { readonly kind: 'stuck'; readonly reason: string };

export type ProgressLimits = {
  /** Work waits and nothing has moved for so long: not ready. */
  readonly stalledAfterMs: number;
  /** Likewise, while the brokers answered all the time: stuck. A hand-over waits at most for the old owner's transaction, 30 s. */
  readonly stuckAfterMs: number;
  /** The brokers have not answered for so long: stuck, since it may be that only this process cannot reach them. */
  readonly brokersAwayMs: number;
};

/** A look that comes later than this counts as this much: a process that was paused gets the time to move again. */
const LONGEST_STEP_MS = 10_000;

type Waiting = { isOpen: boolean; steps: number; stillForMs: number };

/**
 * Decides whether the join moves, from looks at it. No clock and no I/O of its own.
 *
 * Time counts against the join only while it could have moved: not while the brokers do not answer, or the registry is waited for.
 */
export class ProgressWatch {
  private readonly waiting = new Map<number, Waiting>();
  private seenAtMs: number | undefined;
  private unassignedForMs = 0;
  private awayForMs = 0;

  constructor(private readonly limits: ProgressLimits) {}

  look(sight: Sight): Progress {
    const elapsedMs = Math.max(0, sight.atMs - (this.seenAtMs ?? sight.atMs));
    const stepMs = Math.min(elapsedMs, LONGEST_STEP_MS);
    this.seenAtMs = sight.atMs;
    this.awayForMs = sight.brokersAnswer ? 0 : this.awayForMs + elapsedMs;
    if (!sight.brokersAnswer) return this.judge(this.awayForMs, this.limits.brokersAwayMs, 'the brokers do not answer');
    if (sight.waitsFor !== undefined) return { kind: 'stalled', reason: `the join waits for ${sight.waitsFor}` };
    if (sight.partitions === undefined) {
      this.waiting.clear();
      this.unassignedForMs += stepMs;
      return this.judge(this.unassignedForMs, this.limits.stuckAfterMs, 'the join has no assignment');
    }
    this.unassignedForMs = 0;
    return this.lookAtPartitions(sight.partitions, stepMs);
  }

  private lookAtPartitions(partitions: readonly PartitionSight[], stepMs: number): Progress {
    for (const partition of this.waiting.keys()) {
      if (!partitions.some((sight) => sight.partition === partition && sight.isBehind)) this.waiting.delete(partition);
    }
    let worst: Waiting | undefined;
    let at = -1;
    for (const { partition, isOpen, isBehind, steps } of partitions) {
      if (!isBehind) continue;
      const before = this.waiting.get(partition);
      const isStill = before !== undefined && before.isOpen === isOpen && before.steps === steps;
      const now = { isOpen, steps, stillForMs: isStill ? before.stillForMs + stepMs : 0 };
      this.waiting.set(partition, now);
      if (worst !== undefined && worst.stillForMs >= now.stillForMs) continue;
      worst = now;
      at = partition;
    }
    if (worst === undefined) return { kind: 'moving' };
    const doing = worst.isOpen ? 'does not move, though records wait' : 'does not get restored';
    return this.judge(worst.stillForMs, this.limits.stuckAfterMs, `partition ${at} ${doing}`);
  }

  private judge(forMs: number, stuckAfterMs: number, what: string): Progress {
    if (forMs < Math.min(this.limits.stalledAfterMs, stuckAfterMs)) return { kind: 'moving' };
    const reason = `${what}, for ${Math.round(forMs / 1_000)} s`;
    return { kind: forMs < stuckAfterMs ? 'stalled' : 'stuck', reason };
  }
}
