import type { RecordingReady } from '../../../schemas/generated/types.js';
import { validateSessionEvent } from '../../../schemas/validators.js';
import { decodeWire } from '../../../schemas/wire-format.js';

export type ReadyRecording = RecordingReady & { readonly recordingUrl: string };

/**
 * The recording that a record of `session.events` announces. `undefined` for every other event, and for records that cannot be read or
 * violate the schema: the join, which reads the same topic, dead-letters them.
 */
export function readyRecordingIn(value: Buffer | null): ReadyRecording | undefined {
  const json = value === null ? undefined : decodeWire(value)?.json;
  return json === undefined ? undefined : readyRecordingInJson(json);
}

/** The same for the event's own bytes, as the spool of an ingress holds them. */
export function readyRecordingInJson(json: Buffer): ReadyRecording | undefined {
  const parsed = parse(json);
  // Most records are other events, which only the join needs to validate.
  if (typeof parsed !== 'object' || parsed === null || !('event' in parsed) || parsed.event !== 'recording.ready') {
    return undefined;
  }
  const verdict = validateSessionEvent(parsed);
  if (verdict.kind === 'invalid' || verdict.event.event !== 'recording.ready') return undefined;
  return hasLink(verdict.event) ? verdict.event : undefined;
}

function hasLink(event: RecordingReady): event is ReadyRecording {
  return event.success && typeof event.recordingUrl === 'string';
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}
