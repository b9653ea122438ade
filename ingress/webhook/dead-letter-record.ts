import { cloudEventHeaders, DEAD_LETTER_TYPE } from '../../schemas/cloud-events.js';
import type { SchemaFault } from '../../schemas/validators.js';
import type { IncomingRecord } from '../record.js';
import { contentId } from './event-id.js';
import type { BodyVerdict } from './judge-body.js';

/** Bounds the size of the `errors` header, even if the schemas should allow more faults in the future. */
const MAX_FAULTS = 32;

export type RefusedBody = Exclude<BodyVerdict, { kind: 'event' }>;

/** A refused body for the dead-letter topic, as received. The `errors` header contains paths and rules, never values of the payload. */
export function deadLetterRecord(
  refused: RefusedBody,
  body: Buffer,
  receivedAt: string,
  remoteAddress: string,
): IncomingRecord {
  const key = 'sessionId' in refused ? (refused.sessionId ?? null) : null;
  return {
    stream: 'dead-letter',
    key,
    body,
    headers: {
      ...cloudEventHeaders({
        id: contentId(key ?? '', DEAD_LETTER_TYPE, body),
        type: DEAD_LETTER_TYPE,
        source: '/ingress/pathors',
        time: receivedAt,
      }),
      reason: refused.kind,
      errors: JSON.stringify(faultsOf(refused).slice(0, MAX_FAULTS)),
      'received-at': receivedAt,
      'remote-address': remoteAddress,
    },
  };
}

/** The faults of a refused body. */
export function faultsOf(refused: RefusedBody): readonly SchemaFault[] {
  switch (refused.kind) {
    case 'schema':
    case 'unknown_event':
      return refused.faults;
    case 'not_json':
      return [{ path: '', message: 'must be JSON (RFC 8259), without a byte order mark' }];
    case 'not_utf8':
      return [{ path: '', message: 'must be UTF-8' }];
  }
}
