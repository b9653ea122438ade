import { describe, expect, it } from 'vitest';
import { createKeepAlive, type KeepAlive } from '../../../../ingress/http/connections/keep-alive.js';
import { ManualClock } from '../../../support/manual-clock.js';

const client = (last: number) => ({ getRemoteAddress: () => new Uint8Array([10, 0, 0, last]).buffer });
const ONE = client(1);
const OTHER = client(2);

/** Sends `perSecond` requests a second for a while. Returns for each whether its answer would keep the connection. */
async function send(keepAlive: KeepAlive, clock: ManualClock, perSecond: number, ms: number, source = ONE) {
  const kept: boolean[] = [];
  for (let passed = 0; passed < ms; passed += 10) {
    for (let due = 0; due < perSecond / 100; due += 1) kept.push(keepAlive.onRequest(source)());
    await clock.advance(10);
  }
  return kept;
}

function start(openConnections: number) {
  const clock = new ManualClock();
  const load = { openConnections, requestsInFlight: 1 };
  return { clock, load, keepAlive: createKeepAlive('auto', load, clock) };
}

describe('keep-alive in auto mode', () => {
  it('closes the connections of a new server', () => {
    const { keepAlive } = start(1);
    expect(keepAlive.onRequest(ONE)()).toBe(false);
  });

  it('keeps the connections of a busy client once it has been busy for a second', async () => {
    const { keepAlive, clock } = start(256);
    const kept = await send(keepAlive, clock, 10_000, 2_000);
    expect(kept.slice(0, 2_000)).not.toContain(true);
    expect(kept.slice(-8_000)).not.toContain(false);
  });

  it.each([
    ['a rate at which closing costs little', 900, 1],
    ['more connections than the requests keep busy', 5_000, 600],
  ])('closes connections at %s', async (_name, perSecond, connections) => {
    const { keepAlive, clock } = start(connections);
    expect(await send(keepAlive, clock, perSecond, 3_000)).not.toContain(true);
  });

  it.each([0, 10, 100, 1_000])(
    'closes with every answer from 300 ms after the rate dropped to %i',
    async (perSecond) => {
      const { keepAlive, clock } = start(100);
      expect((await send(keepAlive, clock, 10_000, 2_000)).at(-1)).toBe(true);
      await send(keepAlive, clock, perSecond, 300);
      // Within the next second, the rate of the last one is still that of a busy client.
      expect(await send(keepAlive, clock, Math.max(perSecond, 100), 400)).not.toContain(true);
    },
  );

  it('decides at the time of the answer, not of the request', async () => {
    const { keepAlive, clock } = start(10);
    await send(keepAlive, clock, 10_000, 2_000);
    const keeps = keepAlive.onRequest(ONE);
    expect(keeps()).toBe(true);
    await clock.advance(1_000);
    expect(keeps()).toBe(false);
  });

  it('keeps connections after a pause in which their clients waited for answers', async () => {
    const { keepAlive, clock, load } = start(100);
    await send(keepAlive, clock, 10_000, 2_000);
    const keeps = keepAlive.onRequest(ONE);
    load.requestsInFlight = 51;
    await clock.advance(300);
    expect(keeps()).toBe(true);
    load.requestsInFlight = 50;
    await clock.advance(100);
    expect(keeps()).toBe(false);
  });

  it('closes the connections of a quiet client beside a busy one', async () => {
    const { keepAlive, clock } = start(100);
    for (let second = 0; second < 30; second += 1) {
      await send(keepAlive, clock, 10_000, 100);
      expect(keepAlive.onRequest(OTHER)()).toBe(false);
    }
    expect((await send(keepAlive, clock, 10_000, 1_000)).at(-1)).toBe(true);
  });

  it('forgets clients that send nothing', async () => {
    const { keepAlive, clock } = start(1);
    for (let last = 0; last < 250; last += 1) keepAlive.onRequest(client(last));
    await clock.advance(2_500);
    keepAlive.onRequest(ONE);
    expect((keepAlive as unknown as { clients: Map<number, unknown> }).clients.size).toBe(1);
  });

  it('handles an IPv6 address', () => {
    const { keepAlive } = start(1);
    expect(keepAlive.onRequest({ getRemoteAddress: () => new Uint8Array(16).fill(255).buffer })()).toBe(false);
  });
});

it.each([
  ['always', true],
  ['never', false],
] as const)('keep-alive in mode %s does not depend on the load', (mode, kept) => {
  const keepAlive = createKeepAlive(mode, { openConnections: 1_000, requestsInFlight: 1 }, new ManualClock());
  expect(keepAlive.onRequest(ONE)()).toBe(kept);
});
