import { expect, test } from 'vitest';
import { capacityFigures } from '../../../../bench/report/capacity/capacity-figures.js';
import { capacityTable, instances, type CapacityFigures } from '../../../../bench/report/capacity/capacity.js';
import type { Section } from '../../../../bench/report/section.js';

const MEASURED: CapacityFigures = {
  ingressPerSecond: 30_000,
  joinPerSecond: 15_000,
  brokerMicrosPerWrite: 5,
  brokerMicrosPerJoin: 10,
  eventBytes: 500,
  rememberedBytes: 200,
};

test('little traffic needs two of each, and three brokers', () => {
  expect(instances(MEASURED, 1_000, 72)).toMatchObject({ ingressWorkers: 2, processors: 2, brokers: 3, partitions: 8 });
});

test('ten million calls an hour need more processors by memory than by rate', () => {
  const needed = instances(MEASURED, 1e7, 6);
  expect(needed.callsPerSecond).toBeCloseTo(8_333.3, 0);
  // 33,333 events/s, at 15,000 for each worker.
  expect(needed.ingressWorkers).toBe(3);
  // By rate 8,333 at 7,500 each; by memory 12 × 10⁹ bytes at 4 GiB each, which is more.
  expect(needed.processors).toBe(3);
  expect(needed.partitions).toBe(12);
  // 8,333 × (4 × 5 + 5 × 10) µs × 3 replicas: 1.75 cores, and a broker provides two.
  expect(needed.brokerCores).toBeCloseTo(1.75);
  expect(needed.brokers).toBe(3);
  // 144 × 10⁹ bytes at 4 GiB each.
  expect(instances(MEASURED, 1e7, 72).processors).toBe(34);
});

test('the table shows its arithmetic', () => {
  const table = capacityTable(MEASURED);
  expect(table).toContain('| 1k calls an hour | 100k calls an hour | 10M calls an hour |');
  expect(table).toContain('| ingress workers | max(2, peak × 4 ÷ (0.5 × 30,000)) | 2 | 2 | 3 |');
});

test('no capacity is computed while a figure is missing', () => {
  const section = (id: string, ...measures: [string, number][]): Section => ({
    id,
    title: id,
    method: '',
    ratios: [],
    curves: [],
    faults: [],
    measures: measures.map(([name, value]) => ({
      id: name,
      title: name,
      unit: '',
      better: 'lower',
      samples: { ours: [value, value + 2, value + 1], peer: [1] },
    })),
  });
  const sections = [
    section('ingress', ['throughput', 30]),
    section('ceilings', ['broker-cpu', 5], ['event-bytes', 500]),
    section('join', ['rate', 15], ['broker-cpu', 10]),
    section('join-growth', ['remembered', 200]),
  ];
  expect(capacityFigures(sections)).toMatchObject({
    ingressPerSecond: 31,
    brokerMicrosPerJoin: 11,
    rememberedBytes: 201,
  });
  expect(capacityFigures(sections.slice(1))).toBeUndefined();
});
