import type { RecordingReady } from '../../../schemas/generated/types.js';
import { validateSessionEvent } from '../../../schemas/validators.js';
import { decodeWire } from '../../../schemas/wire-format.js';

export type ReadyRecording = RecordingReady & { readonly recordingUrl: string };

/**
 * The recording that a record of `session.events` offers; `undefined` for every other event, and for what cannot be read or breaks its
 * schema: that is dead-lettered by the join, which reads the same topic.
 */
export function readyRecordingIn(value: Buffer | null): ReadyRecording | undefined {
  const json = value === null ? undefined : decodeWire(value)?.json;
  const parsed = json === undefined ? undefined : parse(json);
  // Most records are other events: leave their validation to the join.
  if (typeof parsed !== 'object' || parsed === null || !('event' in parsed) || parsed.event !== 'recording.ready') {
    return undefined;
  }
  const verdict = validateSessionEvent(parsed);
  if (verdict.kind === 'invalid' || verdict.event.event !== 'recording.ready') return undefined;
  return hasLink(verdict.event) ? verdict.event : undefined;
}

function hasLink(event: RecordingReady): event is ReadyRecording {
  return event.success && event.recordingUrl !== undefined;
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}
