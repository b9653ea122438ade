import { hash } from 'node:crypto';
import type { SenderEvent } from '../../schemas/validators.js';

/**
 * `<sessionId>:<event>:<first 16 hex digits of the SHA-256 of the body>`, the `ce_id` of a sender's event.
 *
 * Equal only for redeliveries of the same bytes. Two different events may share a timestamp; an id made of it would make consumers
 * that deduplicate by id lose one of them.
 */
export function eventId({ sessionId, event }: SenderEvent, body: Buffer): string {
  return contentId(sessionId, event, body);
}

/** An id that follows from the content alone. */
export function contentId(sessionId: string, type: string, body: Buffer): string {
  return `${sessionId}:${type}:${hash('sha256', body, 'hex').slice(0, 16)}`;
}
