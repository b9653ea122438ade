import { decodeState } from '../../processor/join/rules/state-codec.js';
import type { Phase } from '../../processor/join/rules/state.js';
import type { SimulatedTopic } from './kafka/simulated-topic.js';
import type { SimulatedProcessor } from './simulated-processor.js';

/** Compares the sessions in the owners' memory, by phase, with a replay of the changelog. Returns the differences. */
export function compareMemory(topic: SimulatedTopic, processors: readonly SimulatedProcessor[]): string[] {
  const memory = noSessions();
  for (const processor of processors) {
    for (const [phase, count] of Object.entries(processor.counts())) memory[phase as Phase] += count;
  }
  const replayed = noSessions();
  for (const { changelog } of topic.partitions) {
    for (const state of changelog.values()) replayed[decodeState(state).phase] += 1;
  }
  const [inMemory, inChangelog] = [memory, replayed].map((counts) => JSON.stringify(counts));
  return inMemory === inChangelog ? [] : [`in memory ${inMemory}, in the changelog ${inChangelog}`];
}

function noSessions(): Record<Phase, number> {
  return { open: 0, 'given-up': 0, 'awaiting-recording': 0, completed: 0 };
}
