import type { Timeline } from './state.js';

/** Notes a sender's timestamp. The earliest one of each event stays, so that the order of redeliveries does not matter. */
export function noteTimestamp(timeline: Timeline, event: keyof Timeline, timestamp: string): Timeline {
  const known = timeline[event];
  if (known !== undefined && !isEarlier(timestamp, known)) return timeline;
  const sessionEnded = event === 'sessionEnded' ? timestamp : timeline.sessionEnded;
  const callEnded = event === 'callEnded' ? timestamp : timeline.callEnded;
  const sessionFinalized = event === 'sessionFinalized' ? timestamp : timeline.sessionFinalized;
  const recordingReady = event === 'recordingReady' ? timestamp : timeline.recordingReady;
  return { sessionEnded, callEnded, sessionFinalized, recordingReady };
}

/** Compares instants, because timestamps may have time zone offsets. The text decides between equal instants, so that order does not matter. */
export function isEarlier(a: string, b: string): boolean {
  const [instantA, instantB] = [instant(a), instant(b)];
  return instantA === instantB ? a < b : instantA < instantB;
}

/** Timestamps that the schema accepts but Date cannot parse (a leap second) count as latest. */
function instant(timestamp: string): number {
  const ms = Date.parse(timestamp);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}
