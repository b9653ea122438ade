import { expect, it } from 'vitest';
import { planRecordings } from '../../../soak/archive/recording-plan.js';
import { SourceLedger } from '../../../soak/archive/source-ledger.js';
import { seededRandom } from '../../../lab/random.js';
import { ManualClock } from '../../support/manual-clock.js';

const LIFETIME_MS = 1_000;

function recording(downMs: readonly [number, number]) {
  const sizes = [{ share: 1, from: 1_000, to: 2_000 }];
  const [planned] = planRecordings(seededRandom(1), { count: 1, sizes, cuts: 0, lifetimeMs: LIFETIME_MS });
  if (planned === undefined) throw new Error('no recording');
  return { ...planned, behaviour: { ...planned.behaviour, downMs } };
}

it('counts how long a recording was available during its lifetime', async () => {
  const clock = new ManualClock();
  const ledger = new SourceLedger(clock);
  await clock.advance(100);
  const entry = ledger.publish(recording([200, 500]));
  expect(ledger.upMs(entry, LIFETIME_MS)).toBe(700);
  // Down from 400 to 800 of its lifetime. For 100 of these, the plan of the recording has it down as well.
  await clock.advance(400);
  ledger.goDown();
  expect(ledger.isDown).toBe(true);
  await clock.advance(400);
  ledger.comeBack();
  expect(ledger.isDown).toBe(false);
  expect(ledger.upMs(entry, LIFETIME_MS)).toBe(400);
  expect(ledger.isOwed(entry, LIFETIME_MS)).toBe(true);
  expect(ledger.isOwed(ledger.publish(recording([300, 1_000])), LIFETIME_MS)).toBe(false);
});

it('ignores downtimes before the publication and counts those that never end', async () => {
  const clock = new ManualClock();
  const ledger = new SourceLedger(clock);
  ledger.goDown();
  await clock.advance(50);
  ledger.comeBack();
  await clock.advance(50);
  expect(ledger.upMs(ledger.publish(recording([0, 0])), LIFETIME_MS)).toBe(LIFETIME_MS);
  expect(ledger.upMs(ledger.publish(recording([0, Infinity])), LIFETIME_MS)).toBe(0);
  ledger.goDown();
  expect(ledger.upMs(ledger.publish(recording([0, 0])), LIFETIME_MS)).toBe(0);
});

it('can go down while it is down', async () => {
  const clock = new ManualClock();
  const ledger = new SourceLedger(clock);
  const entry = ledger.publish(recording([0, 0]));
  ledger.goDown();
  await clock.advance(100);
  ledger.goDown();
  await clock.advance(100);
  ledger.comeBack();
  expect(ledger.isDown).toBe(true);
  await clock.advance(100);
  ledger.comeBack();
  expect(ledger.isDown).toBe(false);
  expect(ledger.upMs(entry, LIFETIME_MS)).toBe(700);
});
