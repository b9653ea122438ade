import { decodeWire } from '../../schemas/wire-format.js';
import type { Committed } from './kafka/fake-partition.js';
import { TOPICS } from './simulated-processor.js';
import type { SimulatedTopic } from './kafka/simulated-topic.js';

/** Largest difference between the leaders' clocks, in ms. */
const MAX_SKEW_MS = 500;

/** The times in a record that a timer wrote. */
type Timed = {
  readonly incompleteAt?: string;
  readonly completedAt?: string;
  readonly recording?: { readonly outcome: string };
};

/** Checks each transaction when it becomes visible: the position, and that no timer overtook a record (join rule 7). */
export function watchCommits(topic: SimulatedTopic, onViolation: (violation: string) => void): void {
  for (const [number, partition] of topic.partitions.entries()) {
    let position = 0;
    partition.onCommitted = (transaction) => {
      const { nextOffset = position } = transaction;
      if (nextOffset < position)
        onViolation(`partition ${number}: the offset went back from ${position} to ${nextOffset}`);
      if (nextOffset > topic.visibleEnd(number)) onViolation(`partition ${number}: the offset went past the end`);
      position = nextOffset;
      for (const { id, dueAt } of timersIn(transaction)) {
        if (dueAt > transaction.at + MAX_SKEW_MS) onViolation(`${id} was written before its timer was due`);
        const waiting = partition.input.slice(position).find(({ timestamp }) => timestamp <= dueAt);
        if (waiting !== undefined) onViolation(`${id} overtook the record at offset ${waiting.offset}`);
      }
    };
  }
}

function timersIn({ outputs }: Committed): { readonly id: string; readonly dueAt: number }[] {
  return outputs.flatMap(({ topic, value, headers }) => {
    if (topic === TOPICS.deadLetter) return [];
    const record = JSON.parse(decodeWire(value)?.json.toString() ?? '{}') as Timed;
    const dueAt = record.recording?.outcome === 'not_received' ? record.completedAt : record.incompleteAt;
    return dueAt === undefined ? [] : [{ id: String(headers['ce_id']), dueAt: Date.parse(dueAt) }];
  });
}
