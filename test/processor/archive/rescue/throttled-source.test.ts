import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { throttledSource } from '../../../../processor/archive/rescue/throttled-source.js';
import type { OpenSource } from '../../../../processor/archive/source/http-source.js';
import { ManualClock } from '../../../support/manual-clock.js';

const CHUNK = Buffer.alloc(1_000);

function source(...chunks: Buffer[]) {
  const bodies: Readable[] = [];
  const open: OpenSource = () => {
    const body = Readable.from(chunks);
    bodies.push(body);
    return Promise.resolve({ status: 200, headers: {}, body });
  };
  return { open, bodies };
}

const request: Parameters<OpenSource> = [
  { url: new URL('https://a'), addresses: [] },
  {},
  new AbortController().signal,
];
const turn = () => new Promise(setImmediate);

it('limits the rate of all downloads together', async () => {
  const clock = new ManualClock();
  const limited = throttledSource(source(CHUNK, CHUNK, CHUNK).open, 1_000, clock);
  let received = 0;
  for (let n = 0; n < 2; n += 1) {
    const { body } = await limited(...request);
    body.on('data', (chunk: Buffer) => (received += chunk.length));
  }
  const perSecond: number[] = [];
  for (let second = 0; second < 6; second += 1) {
    for (let turns = 0; turns < 20; turns += 1) await turn();
    perSecond.push(received);
    await clock.advance(1_000);
  }
  expect(perSecond).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
});

it('ends the source when its reader stops, and passes errors on', async () => {
  const { open, bodies } = source(CHUNK, CHUNK);
  const limited = throttledSource(open, 1_000, new ManualClock());
  const first = await limited(...request);
  first.body.destroy();
  await turn();
  expect(bodies[0]?.destroyed).toBe(true);
  const second = await limited(...request);
  const failure = new Promise<Error>((resolve) => second.body.once('error', resolve));
  bodies[1]?.destroy(new Error('cut'));
  expect((await failure).message).toBe('cut');
});

it('changes nothing without a limit', () => {
  const { open } = source();
  expect(throttledSource(open, 0, new ManualClock())).toBe(open);
});
