import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { planRecordings } from '../../../soak/archive/recording-plan.js';
import { SourceLedger } from '../../../soak/archive/source-ledger.js';
import { seededRandom } from '../../../lab/random.js';

const LIFE_MS = 1_000;

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

function recording(downMs: readonly [number, number]) {
  const sizes = [{ share: 1, from: 1_000, to: 2_000 }];
  const [planned] = planRecordings(seededRandom(1), { count: 1, sizes, cuts: 0, lifeMs: LIFE_MS });
  if (planned === undefined) throw new Error('no recording');
  return { ...planned, behaviour: { ...planned.behaviour, downMs } };
}

it('counts for how much of its life a recording could be had', () => {
  const ledger = new SourceLedger();
  vi.setSystemTime(100);
  const entry = ledger.publish(recording([200, 500]));
  expect(ledger.upMs(entry, LIFE_MS)).toBe(700);
  // From 400 to 800 of its life: 100 of them it was down by itself.
  vi.setSystemTime(500);
  ledger.goAway();
  expect(ledger.isAway).toBe(true);
  vi.setSystemTime(900);
  ledger.comeBack();
  expect(ledger.isAway).toBe(false);
  expect(ledger.upMs(entry, LIFE_MS)).toBe(400);
  expect(ledger.isOwed(entry, LIFE_MS)).toBe(true);
  expect(ledger.isOwed(ledger.publish(recording([300, 1_000])), LIFE_MS)).toBe(false);
});

it('takes what is away for good, and what was over before, for what they are', () => {
  const ledger = new SourceLedger();
  ledger.goAway();
  vi.setSystemTime(50);
  ledger.comeBack();
  vi.setSystemTime(100);
  expect(ledger.upMs(ledger.publish(recording([0, 0])), LIFE_MS)).toBe(LIFE_MS);
  expect(ledger.upMs(ledger.publish(recording([0, Infinity])), LIFE_MS)).toBe(0);
  ledger.goAway();
  expect(ledger.upMs(ledger.publish(recording([0, 0])), LIFE_MS)).toBe(0);
});

it('may be told to go away while it is away', () => {
  const ledger = new SourceLedger();
  const entry = ledger.publish(recording([0, 0]));
  ledger.goAway();
  vi.setSystemTime(100);
  ledger.goAway();
  vi.setSystemTime(200);
  ledger.comeBack();
  expect(ledger.isAway).toBe(true);
  vi.setSystemTime(300);
  ledger.comeBack();
  expect(ledger.isAway).toBe(false);
  expect(ledger.upMs(entry, LIFE_MS)).toBe(700);
});
