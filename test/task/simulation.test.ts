import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StreamTask } from '../../processor/task/stream-task.js';
import type { SessionEventValue } from '../../schemas/validators.js';
import {
  callFinalized,
  providerFailed,
  recordingArchived,
  recordingFailed,
  recordingReady,
  sessionEnded,
  textFinalized,
} from '../join/session-events.js';
import { minutes } from '../join/session-script.js';
import { TaskHarness, type Written } from './task-harness.js';

const event = fc
  .record({
    sessionId: fc.constantFrom('s-1', 's-2', 's-3'),
    make: fc.constantFrom<((more: { sessionId: string }) => SessionEventValue)[]>(
      sessionEnded,
      callFinalized,
      textFinalized,
      recordingReady,
      providerFailed,
      recordingArchived,
      recordingFailed,
    ),
  })
  .map(({ sessionId, make }) => make({ sessionId }));

/** What can happen to a partition and its owners. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), event }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 50 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('process' as const), records: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('punctuate' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('zombie' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('failed' as const, 'lost-answer' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Plays the steps; with `faults` off, those that disturb are left out: what then comes out is what must come out with them too. */
async function play(
  steps: readonly Step[],
  faults: boolean,
): Promise<{ written: Written[]; states: Map<string, string> }> {
  // Sessions are forgotten soon, so that a record that is processed twice makes a second life of its session.
  const h = new TaskHarness({ retentionMs: minutes(40) });
  let task = await h.open();
  const owners: StreamTask[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch {
      task = await h.open();
    }
  };
  for (const s of steps) {
    switch (s.kind) {
      case 'append':
        h.append(s.event);
        break;
      case 'pass':
        h.partition.brokerNow += minutes(s.minutes);
        break;
      case 'process': {
        const from = h.partition.committed ?? 0;
        if (faults) await attempt(() => h.feed(task, Math.max(0, from - 2), from + s.records));
        break;
      }
      case 'punctuate':
        if (faults) await attempt(() => h.punctuate(task));
        break;
      case 'crash':
        if (faults) task = await h.open();
        break;
      case 'zombie':
        if (!faults) break;
        owners.push(task);
        task = await h.open();
        for (const zombie of owners) await h.feed(zombie, 0).catch(() => undefined);
        break;
      case 'failed':
      case 'lost-answer':
        if (faults) h.partition.fate = s.kind;
        break;
      default:
        s satisfies never;
    }
  }
  // Another failure may be planned still: an operator would see one restart, and then the end of the backlog.
  for (let i = 0; i < 3; i += 1) await attempt(() => h.feed(task));
  h.partition.brokerNow += minutes(6 * 60);
  for (let i = 0; i < 2; i += 1) await attempt(() => h.punctuate(task));
  return {
    written: h.written,
    states: new Map([...h.partition.changelog].map(([id, state]) => [id, state.toString()])),
  };
}

it('crashes, zombies, lost answers and any cutting into batches change nothing of what is written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const disturbed = await play(steps, true);
      const quiet = await play(steps, false);
      const bySession = ({ written }: typeof quiet) => written.map((w) => JSON.stringify(w)).sort();
      expect(bySession(disturbed)).toEqual(bySession(quiet));
      expect(disturbed.states).toEqual(quiet.states);
    }),
    { numRuns: 2_000 },
  );
});
