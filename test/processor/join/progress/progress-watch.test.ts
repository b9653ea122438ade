import { describe, expect, it } from 'vitest';
import {
  ProgressWatch,
  type Observation,
  type PartitionProgress,
} from '../../../../processor/join/progress/progress-watch.js';

const LIMITS = { stalledAfterMs: 30_000, stuckAfterMs: 120_000, brokersUnavailableMs: 600_000 };
const OBSERVE_EVERY_MS = 5_000;

const partition = (more: Partial<PartitionProgress> = {}): PartitionProgress => ({
  partition: 0,
  isOpen: true,
  isBehind: true,
  steps: 7,
  ...more,
});

/** Observes every five seconds. */
class Observer {
  private readonly watch = new ProgressWatch(LIMITS);
  private atMs = 0;

  /** The verdict after this many seconds. */
  seconds(seconds: number, state: Partial<Observation> | ((second: number) => Partial<Observation>)): string {
    let verdict = '';
    for (let passed = 0; passed < seconds; passed += OBSERVE_EVERY_MS / 1_000) {
      verdict = this.after(OBSERVE_EVERY_MS, typeof state === 'function' ? state(passed) : state);
    }
    return verdict;
  }

  after(ms: number, state: Partial<Observation>): string {
    this.atMs += ms;
    const observation = { atMs: this.atMs, brokersAnswer: true, partitions: [], ...state };
    const progress = this.watch.observe(observation);
    return progress.kind === 'moving' ? 'moving' : `${progress.kind}: ${progress.reason}`;
  }
}

describe('the join is moving', () => {
  it.each<[string, Partial<Observation> | ((second: number) => Partial<Observation>)]>([
    ['without partitions, as one member too many in the group', { partitions: [] }],
    ['at the end of its partitions', { partitions: [partition({ isBehind: false })] }],
    ['while its position moves', (second) => ({ partitions: [partition({ steps: second })] })],
    ['while records are restored', (second) => ({ partitions: [partition({ isOpen: false, steps: second })] })],
  ])('%s', (_what, state) => {
    expect(new Observer().seconds(900, state)).toBe('moving');
  });
});

describe('the join is stalled after half a minute, and stuck after two', () => {
  it.each<[string, Partial<Observation>, string]>([
    [
      'when records wait and the position stands still',
      { partitions: [partition({ partition: 3 })] },
      'partition 3 stands still at offset 7, though records wait',
    ],
    [
      'when a restore stands still',
      { partitions: [partition({ isOpen: false })] },
      'partition 0 stands still at the restore of its state',
    ],
    [
      'when one of its partitions stands still',
      { partitions: [partition({ isBehind: false }), partition({ partition: 1 })] },
      'partition 1 stands still at offset 7, though records wait',
    ],
    ['when there is no assignment', { partitions: undefined }, 'the join has no assignment'],
  ])('%s', (_what, state, reason) => {
    const observer = new Observer();
    expect(observer.seconds(30, state)).toBe('moving');
    expect(observer.seconds(10, state)).toMatch(new RegExp(`^stalled: ${reason}, for \\d+ s$`));
    expect(observer.seconds(90, state)).toMatch(new RegExp(`^stuck: ${reason}, for 12\\d s$`));
  });

  it('but one step forward restarts the count', () => {
    const observer = new Observer();
    observer.seconds(115, { partitions: [partition()] });
    expect(observer.seconds(10, { partitions: [partition({ steps: 8 })] })).toBe('moving');
  });
});

describe('time does not count', () => {
  it('while the brokers do not answer: not ready, and stuck only after ten minutes', () => {
    const observer = new Observer();
    expect(observer.seconds(300, { brokersAnswer: false })).toMatch(/^stalled: the brokers do not answer/);
    expect(observer.seconds(60, (second) => ({ partitions: [partition({ steps: second })] }))).toBe('moving');
    expect(observer.seconds(605, { brokersAnswer: false })).toMatch(/^stuck: the brokers do not answer/);
  });

  it('while the process was paused', () => {
    const observer = new Observer();
    observer.seconds(10, { partitions: [partition()] });
    expect(observer.after(3_600_000, { partitions: [partition()] })).toBe('moving');
  });
});
