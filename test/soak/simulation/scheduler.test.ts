import { expect, it } from 'vitest';
import { seededRandom } from '../../../lab/random.js';
import { Scheduler, type Actor } from '../../../soak/simulation/scheduler.js';

const actor = (): Actor => ({ name: 'an actor', isAlive: true, isPaused: false });

it('fires a timer once, when it is chosen', async () => {
  const scheduler = new Scheduler(seededRandom(1));
  const fired: string[] = [];
  await scheduler.start(actor(), () => void scheduler.after(5, () => fired.push('fired')));
  expect(fired).toEqual([]);
  expect(await scheduler.step()).toBe(true);
  expect(fired).toEqual(['fired']);
  expect(await scheduler.step()).toBe(false);
});

it('does not fire the timer of a cancelled wait, of a paused or of a crashed actor', async () => {
  const scheduler = new Scheduler(seededRandom(1));
  const [cancelling, paused, crashed] = [actor(), actor(), actor()];
  await scheduler.start(cancelling, () => scheduler.after(5, () => undefined)());
  for (const one of [paused, crashed]) await scheduler.start(one, () => void scheduler.after(5, () => undefined));
  paused.isPaused = true;
  scheduler.crash(crashed);
  expect(await scheduler.step()).toBe(false);
});
