import { cloudEventHeaders } from '../../schemas/cloud-events.js';
import type { SenderEvent } from '../../schemas/validators.js';
import type { IncomingRecord } from '../store/durable-store.js';
import { eventId } from './event-id.js';

/** A valid event for `session.events`, under its session's key, with the sender's own bytes. `receivedAt`: ISO 8601. */
export function eventRecord(event: SenderEvent, body: Buffer, receivedAt: string): IncomingRecord {
  return {
    stream: 'events',
    key: event.sessionId,
    body,
    headers: {
      ...cloudEventHeaders({
        id: eventId(event, body),
        type: event.event,
        source: '/ingress/pathors',
        time: event.timestamp,
      }),
      'received-at': receivedAt,
    },
  };
}
