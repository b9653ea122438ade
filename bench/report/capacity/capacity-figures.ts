import { median } from '../../../lab/median.js';
import type { CapacityFigures } from './capacity.js';
import type { Section } from '../section.js';

/** Our medians that capacity is computed from; undefined unless all of them are measured. */
export function capacityFigures(sections: readonly Section[]): CapacityFigures | undefined {
  const ours = (section: string, measure: string): number => {
    const found = sections.find(({ id }) => id === section)?.measures.find(({ id }) => id === measure);
    return median(Object.values(found?.samples ?? {})[0] ?? []);
  };
  const figures = {
    ingressPerSecond: ours('ingress', 'throughput'),
    joinPerSecond: ours('join', 'rate'),
    brokerMicrosPerWrite: ours('ceilings', 'broker-cpu'),
    brokerMicrosPerJoin: ours('join', 'broker-cpu'),
    eventBytes: ours('ceilings', 'event-bytes'),
    rememberedBytes: ours('join-growth', 'remembered'),
  };
  return Object.values(figures).some(Number.isNaN) ? undefined : figures;
}
