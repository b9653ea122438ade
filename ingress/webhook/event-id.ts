import { hash } from 'node:crypto';
import type { SenderEvent } from '../../schemas/validators.js';

/**
 * `<sessionId>:<event>:<first 16 hex digits of the SHA-256 of the body>`, the `ce_id` of a sender's event.
 *
 * Equal for a redelivery of the same bytes and for no others: the sender's timestamp alone could be shared by two events that differ,
 * and who dedupes by id would then lose one.
 */
export function eventId({ sessionId, event }: SenderEvent, body: Buffer): string {
  return `${sessionId}:${event}:${hash('sha256', body, 'hex').slice(0, 16)}`;
}
