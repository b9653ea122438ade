import { describe, expect, it } from 'vitest';
import { ProgressWatch, type PartitionSight, type Sight } from '../../../../processor/join/progress/progress-watch.js';

const LIMITS = { stalledAfterMs: 30_000, stuckAfterMs: 120_000, brokersAwayMs: 600_000 };
const LOOK_EVERY_MS = 5_000;

const partition = (more: Partial<PartitionSight> = {}): PartitionSight => ({
  partition: 0,
  isOpen: true,
  isBehind: true,
  steps: 7,
  ...more,
});

/** Looks every five seconds; what does not change is said once. */
class Looks {
  private readonly watch = new ProgressWatch(LIMITS);
  private atMs = 0;

  /** What the last of so many seconds of looks says. */
  seconds(seconds: number, sight: Partial<Sight> | ((second: number) => Partial<Sight>)): string {
    let said = '';
    for (let passed = 0; passed < seconds; passed += LOOK_EVERY_MS / 1_000) {
      said = this.after(LOOK_EVERY_MS, typeof sight === 'function' ? sight(passed) : sight);
    }
    return said;
  }

  after(ms: number, sight: Partial<Sight>): string {
    this.atMs += ms;
    const seen = { atMs: this.atMs, brokersAnswer: true, waitsFor: undefined, partitions: [], ...sight };
    const progress = this.watch.look(seen);
    return progress.kind === 'moving' ? 'moving' : `${progress.kind}: ${progress.reason}`;
  }
}

describe('the join moves', () => {
  it.each<[string, Partial<Sight> | ((second: number) => Partial<Sight>)]>([
    ['with no partitions, as one member too many of the group', { partitions: [] }],
    ['at the end of its partitions', { partitions: [partition({ isBehind: false })] }],
    ['while the position does', (second) => ({ partitions: [partition({ steps: second })] })],
    ['while records are restored', (second) => ({ partitions: [partition({ isOpen: false, steps: second })] })],
  ])('%s', (_what, sight) => {
    expect(new Looks().seconds(900, sight)).toBe('moving');
  });
});

describe('the join is stalled after half a minute, and stuck after two', () => {
  it.each<[string, Partial<Sight>, string]>([
    [
      'when records wait and the position stands still',
      { partitions: [partition({ partition: 3 })] },
      'partition 3 does not move, though records wait',
    ],
    [
      'when a restore stands still',
      { partitions: [partition({ isOpen: false })] },
      'partition 0 does not get restored',
    ],
    [
      'when one of its partitions stands still',
      { partitions: [partition({ isBehind: false }), partition({ partition: 1 })] },
      'partition 1 does not move, though records wait',
    ],
    ['when there is no assignment', { partitions: undefined }, 'the join has no assignment'],
  ])('%s', (_what, sight, reason) => {
    const looks = new Looks();
    expect(looks.seconds(30, sight)).toBe('moving');
    expect(looks.seconds(10, sight)).toMatch(new RegExp(`^stalled: ${reason}, for \\d+ s$`));
    expect(looks.seconds(90, sight)).toMatch(new RegExp(`^stuck: ${reason}, for 12\\d s$`));
  });

  it('but one step forward begins the count anew', () => {
    const looks = new Looks();
    looks.seconds(115, { partitions: [partition()] });
    expect(looks.seconds(10, { partitions: [partition({ steps: 8 })] })).toBe('moving');
  });
});

describe('time does not count', () => {
  it('while the brokers do not answer: not ready, and stuck only after ten minutes', () => {
    const looks = new Looks();
    expect(looks.seconds(300, { brokersAnswer: false })).toMatch(/^stalled: the brokers do not answer/);
    expect(looks.seconds(60, (second) => ({ partitions: [partition({ steps: second })] }))).toBe('moving');
    expect(looks.seconds(605, { brokersAnswer: false })).toMatch(/^stuck: the brokers do not answer/);
  });

  it('while the registry is waited for: not ready', () => {
    const sight = { partitions: [partition()], waitsFor: 'the schema registry' };
    expect(new Looks().seconds(3_600, sight)).toBe('stalled: the join waits for the schema registry');
  });

  it('while the process was paused', () => {
    const looks = new Looks();
    looks.seconds(10, { partitions: [partition()] });
    expect(looks.after(3_600_000, { partitions: [partition()] })).toBe('moving');
  });
});
