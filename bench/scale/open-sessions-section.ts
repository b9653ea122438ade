import { OUR_JOIN } from '../join/contenders/our-join.js';
import { fitLine, readCost, readTotal } from '../report/growth.js';
import type { Measure, Section } from '../report/section.js';
import { ratioOf } from '../report/spread.js';
import type { MostOpenSessions, OpenSessions, SideBySide } from './open-sessions.js';

/** Why an event costs more while more sessions are open. */
const CACHES =
  ' States rest encoded outside of the heap: the more there are, the fewer of them are in the caches of the processor when their event arrives.';

/** What open sessions cost. */
export function openSessionsSection(
  sizes: readonly OpenSessions[],
  sideBySide: SideBySide,
  most: MostOpenSessions,
): Section {
  const costs = sizes.map(({ sessions, cpuMicrosPerEvent }) => ({ x: sessions, y: cpuMicrosPerEvent }));
  const memory = sizes.map(({ sessions, residentMiB }) => ({ x: sessions, y: residentMiB }));
  const [few, many] = [sizes[0], sizes.at(-1)].map((size) => (size?.sessions ?? 0).toLocaleString('en'));
  const growth = ratioOf(`CPU an event, ${many} open to ${few}`, sideBySide.most, sideBySide.few, { atMost: 1.3 });
  return {
    id: 'open-sessions',
    title: 'Growth: open sessions',
    method: `One process, in which more and more sessions are opened by two events each. At each size it receives further events of its sessions,
spread over all of them and none twice in a transaction, each of which changes its session: that is the cost of an event. With ${many} open it alternates with a second process that has
${few}, for the ratio. Then it is left idle (45 s later its run time is taken from the scheduler, in nanoseconds), stopped, and started again, which restores the sessions from the
changelog.`,
    measures: [
      single('restored', `${many} open, restored`, 'MiB', most.restoredMiB, 1024),
      single('peak', 'peak', 'MiB', most.peakMiB),
      single('ready', 'ready after', 's', most.restoreMs / 1000, 20),
      single('idle', 'idle', '% of a core', most.idlePercent, 1),
    ],
    ratios: [growth],
    curves: [
      {
        title: 'CPU an event over open sessions',
        xLabel: 'open sessions',
        yLabel: 'µs of CPU an event',
        points: costs,
        reading: readCost(costs, 'µs', 'open sessions') + (growth.value > 1 ? CACHES : ''),
      },
      {
        title: 'Memory over open sessions',
        xLabel: 'open sessions',
        yLabel: 'MiB resident',
        points: memory,
        reading: `${readTotal(memory, 'MiB', 'open sessions')} That is ${Math.round(fitLine(memory).slope * 1024 * 1024)} bytes a session.`,
      },
    ],
    faults: [],
  };
}

function single(id: string, title: string, unit: string, value: number, atMost?: number): Measure {
  const measure = { id, title, unit, better: 'lower' as const, samples: { [OUR_JOIN]: [value] } };
  return atMost === undefined ? measure : { ...measure, asked: { atMost } };
}
