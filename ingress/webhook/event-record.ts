import type { CloudEventHeaders } from '../../schemas/cloud-events.js';
import type { SenderEvent } from '../../schemas/validators.js';
import type { IncomingRecord } from '../record.js';
import { eventId } from './event-id.js';

/** A valid event for `session.events`: keyed by session, with the sender's own bytes. `receivedAt` is ISO 8601. */
export function eventRecord(event: SenderEvent, body: Buffer, receivedAt: string): IncomingRecord {
  const headers: CloudEventHeaders & { readonly 'received-at': string } = {
    ce_specversion: '1.0',
    ce_id: eventId(event, body),
    ce_type: event.event,
    ce_source: '/ingress/pathors',
    ce_time: event.timestamp,
    'received-at': receivedAt,
  };
  return {
    stream: 'events',
    key: event.sessionId,
    body,
    headers,
  };
}
