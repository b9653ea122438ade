import { isUtf8 } from 'node:buffer';
import { SENDER_EVENTS, validateSenderEvent, type SchemaFault, type SenderEvent } from '../../schemas/validators.js';
import { readableSessionId } from './session-id.js';

/** The verdict on a body. Bodies of every kind but `event` go to the dead-letter topic, with the kind as the reason. */
export type BodyVerdict =
  | { readonly kind: 'event'; readonly event: SenderEvent }
  | { readonly kind: 'not_utf8' | 'not_json' }
  | {
      /** JSON that violates the schema, or that names an event without a schema. */
      readonly kind: 'schema' | 'unknown_event';
      readonly faults: readonly SchemaFault[];
      /** The known event that the body names, if any. */
      readonly event: SenderEvent['event'] | undefined;
      readonly sessionId: string | undefined;
    };

/**
 * Judges the bytes of a request. Parses them once and does not change them.
 *
 * A byte order mark makes a body `not_json`. RFC 8259 forbids senders to add one and permits receivers to ignore it, but the bytes are
 * passed on unchanged, and many readers of the topic would not ignore it.
 */
export function judgeBody(body: Buffer): BodyVerdict {
  if (!isUtf8(body)) return { kind: 'not_utf8' };
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return { kind: 'not_json' };
  }
  const verdict = validateSenderEvent(value);
  switch (verdict.kind) {
    case 'valid':
      return { kind: 'event', event: verdict.event };
    case 'invalid': {
      const name = eventName(value);
      const event = SENDER_EVENTS.find((known) => known === name);
      return {
        kind: name !== undefined && event === undefined ? 'unknown_event' : 'schema',
        faults: verdict.faults,
        event,
        sessionId: readableSessionId(value),
      };
    }
  }
}

function eventName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined;
  return typeof value.event === 'string' ? value.event : undefined;
}
