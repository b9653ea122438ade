import { expect, test } from 'vitest';
import { ECHO, OURS, PLAIN } from '../../bench/ingress/contenders.js';
import { ceilingsSection } from '../../bench/ingress/ceilings-section.js';
import { ingressSection } from '../../bench/ingress/ingress-section.js';
import type { Throughput } from '../../bench/ingress/server-under-load.js';
import type { CatchUp } from '../../bench/join/catch-up.js';
import { catchUpSection } from '../../bench/join/catch-up-section.js';
import { STREAMS } from '../../bench/join/contenders/kafka-streams-join.js';
import { OUR_JOIN } from '../../bench/join/contenders/our-join.js';
import { rememberedBytes } from '../../bench/scale/remembered-bytes.js';
import { joinGrowth } from '../../bench/scale/growth-sections.js';
import { openSessionsSection } from '../../bench/scale/open-sessions-section.js';

const throughput = (eventsPerSecond: number, rest: Partial<Throughput> = {}): Throughput => ({
  eventsPerSecond,
  cpuMicrosPerEvent: 20,
  loadMicrosPerEvent: 10,
  brokerMicrosPerEvent: 5,
  peakMemoryMiB: 100,
  latencyMs: { p50: 1, p99: 15, max: 20 },
  missing: 0,
  repeated: 0,
  otherAnswers: 0,
  busyPercent: 90,
  ...rest,
});
const INGRESS = {
  results: new Map([
    [OURS, [throughput(30_000), throughput(40_000)]],
    [PLAIN, [throughput(3_000), throughput(2_000, { missing: 7, repeated: 2 })]],
    [ECHO, [throughput(80_000), throughput(80_000)]],
  ]),
  turnMs: 2_000,
  ceilings: [
    { written: 300_000, read: 900_000, twoGenerators: throughput(90_000), ours: 30_000 },
    { written: 440_000, read: 900_000, twoGenerators: throughput(90_000), ours: 40_000 },
  ],
  steadyRate: 5_000,
  steady: [throughput(5_000), throughput(5_000, { otherAnswers: 3 })],
  eventBytes: 466,
};

test('the ingress is compared with each peer round by round, and a peer that loses or repeats events is reported with their number', () => {
  const { ratios, faults, measures } = ingressSection(INGRESS);
  expect(ratios[0]).toMatchObject({ title: `events/s, ${OURS} to ${PLAIN}`, value: 15, range: [10, 20] });
  expect(faults).toEqual([
    `${PLAIN}: 7 accepted events are missing from the topic.`,
    `${PLAIN}: 2 events are in the topic more than once.`,
    `${OURS} at 5000 events/s: 3 events were not accepted.`,
  ]);
  // Not measured if the broker cannot be hung.
  expect(measures.map(({ id }) => id)).not.toContain('hung-p99');
});

test('the ceilings show how much of a core generator and broker used while the ingress was measured', () => {
  const { method, measures, ratios } = ceilingsSection(INGRESS);
  // 10 µs and 5 µs an event at 30,000 and 40,000 a second.
  expect(method).toContain('one generator used 35.0 % of a core, the broker 17.5 %');
  expect(measures.find(({ id }) => id === 'broker-cpu')?.samples).toEqual({ 'ingress, one generator': [5, 5] });
  expect(ratios[1]).toMatchObject({ title: 'ProducerPerformance to the ingress', range: [10, 11] });
});

const catchUp = (sessionsPerSecond: number, rest: Partial<CatchUp> = {}): CatchUp => ({
  sessionsPerSecond,
  firstAfterMs: 1_000,
  totalMs: 10_000,
  cpuMs: 8_000,
  brokerCpuMs: 4_000,
  peakMemoryMiB: 200,
  othersPercent: 0,
  busyPercent: 80,
  faults: { missing: 0, repeated: 0, wrong: 0, unexpected: 0 },
  ...rest,
});

test('the catch-up shows CPU per event, and reports a contender with wrong output', () => {
  const wrong = catchUp(10_000, { faults: { missing: 2, repeated: 0, wrong: 1, unexpected: 0 } });
  const results = new Map([
    [OUR_JOIN, [catchUp(15_000)]],
    [STREAMS, [wrong]],
  ]);
  const { measures, ratios, faults } = catchUpSection(results, 100_000);
  expect(measures.find(({ id }) => id === 'cpu')?.samples[OUR_JOIN]).toEqual([20]);
  expect(ratios[0]).toMatchObject({ value: 1.5, asked: { atLeast: 1.5 } });
  expect(faults).toEqual([`${STREAMS}: 2 missing, 1 wrong.`]);
});

test('CPU of the broker is left out where it is unknown', () => {
  const unknown = new Map([[OUR_JOIN, [catchUp(15_000, { brokerCpuMs: NaN })]]]);
  expect(catchUpSection(unknown, 100).measures.map(({ id }) => id)).not.toContain('broker-cpu');
});

test('open sessions: bytes of one, and the cost with the most of them compared with the fewest', () => {
  const sizes = [1e4, 2e4, 1e5].map((sessions) => ({
    sessions,
    residentMiB: 100 + (sessions * 512) / 1024 ** 2,
    cpuMicrosPerEvent: sessions === 1e5 ? 30 : 20,
  }));
  const most = { restoredMiB: 140, peakMiB: 200, restoreMs: 3_000, idlePercent: 0.7 };
  const { ratios, curves } = openSessionsSection(sizes, { few: [20, 10, 20], most: [24, 14, 22] }, most);
  expect(ratios).toEqual([
    { title: 'CPU an event, 100,000 open to 10,000', value: 1.2, range: [1.1, 1.4], asked: { atMost: 1.3 } },
  ]);
  expect(curves[0]?.reading).toContain('up to 20k open sessions; at 100k it is 1.50 ×');
  expect(curves[1]?.reading).toContain('That is 512 bytes a session.');
});

test('growth of the join: memory of a remembered session, and the gain of a second processor', () => {
  const backlogs = [10_000, 20_000].map((n): [number, CatchUp] => [n, catchUp(10_000, { totalMs: 1_000 + n / 10 })]);
  const processors: [number, CatchUp][] = [
    [1, catchUp(10_000)],
    [2, catchUp(15_000)],
  ];
  const { measures, curves } = joinGrowth({
    sessions: 50_000,
    backlogs,
    partitions: processors,
    processors,
    rememberedBytes: 110,
  });
  expect(Object.values(measures[0]?.samples ?? {})).toEqual([[110]]);
  expect(curves.at(-1)?.reading).toContain('2 processors give 1.50 × of 1');
});

test('a remembered session takes more than a UUID and a timer, and less than 250 bytes', () => {
  expect(rememberedBytes(50_000)).toBeGreaterThan(36 + 16);
  expect(rememberedBytes(50_000)).toBeLessThan(250);
});
