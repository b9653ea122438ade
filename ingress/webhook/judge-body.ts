import { isUtf8 } from 'node:buffer';
import { SENDER_EVENTS, validateSenderEvent, type SchemaFault, type SenderEvent } from '../../schemas/validators.js';
import { readableSessionId } from './session-id.js';

/** What a body is. All but `event` goes to the dead-letter topic under its kind as the reason. */
export type BodyVerdict =
  | { readonly kind: 'event'; readonly event: SenderEvent }
  | { readonly kind: 'not_utf8' | 'not_json' }
  | {
      /** JSON that breaks the schema, or that names an event which no schema is for. */
      readonly kind: 'schema' | 'unknown_event';
      readonly faults: readonly SchemaFault[];
      /** The event that it should have been, where it names one. */
      readonly event: SenderEvent['event'] | undefined;
      readonly sessionId: string | undefined;
    };

/**
 * Judges the bytes of a request. They are parsed once, and never changed.
 *
 * A byte order mark makes a body `not_json`: RFC 8259 forbids senders to add one and lets receivers ignore it, but as the bytes go on
 * unchanged, every reader of the topic would have to ignore it too, and many do not.
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
