import type { WebhookResult } from '../../webhook/receive-webhook.js';
import { json, problem, type Answer } from '../server/answer.js';

const ACCEPTED: { readonly [P in (WebhookResult & { kind: 'accepted' })['place']]: Answer } = {
  kafka: json(202, { status: 'accepted', stored: 'kafka' }),
  spool: json(202, { status: 'accepted', stored: 'spool' }),
};

/** Seconds, for errors that a retry may avoid. */
const RETRY_AFTER = [['Retry-After', '1']] as const;

export const UNAUTHORIZED = problem({
  status: 401,
  type: 'unauthorized',
  title: 'Token missing or wrong',
  detail: 'Send one of the configured tokens in the authentication header.',
  headers: [['WWW-Authenticate', 'Bearer']],
});

const NOT_JSON = problem({
  status: 400,
  type: 'not-json',
  title: 'Not JSON',
  detail: 'The body is not JSON (RFC 8259, without a byte order mark). It was kept as a dead letter.',
});

const NOT_UTF8 = problem({
  status: 400,
  type: 'not-utf8',
  title: 'Not UTF-8',
  detail: 'The body is not valid UTF-8. It was kept as a dead letter.',
});

export const TOO_SLOW = problem({
  status: 408,
  type: 'too-slow',
  title: 'Body too slow',
  detail: 'The body did not arrive in time. Nothing was kept.',
});

const UNAVAILABLE = problem({
  status: 503,
  type: 'unavailable',
  title: 'Cannot be stored durably now',
  detail: 'The event was not stored. Send it again.',
  headers: RETRY_AFTER,
});

export const OVERLOAD = problem({
  status: 503,
  type: 'overload',
  title: 'Too many bytes in flight',
  detail: 'Nothing was kept. Send the event again.',
  headers: RETRY_AFTER,
});

export function tooLarge(maxBodyBytes: number): Answer {
  return problem({
    status: 413,
    type: 'too-large',
    title: 'Body too large',
    detail: `A body may have at most ${maxBodyBytes} bytes. Nothing was kept.`,
  });
}

const TOO_LARGE_FOR_KAFKA = problem({
  status: 413,
  type: 'too-large',
  title: 'Body too large',
  detail: 'Kafka does not take a record of this size. The body was kept as a dead letter, cut if necessary.',
});

const REJECTED_BY_KAFKA = problem({
  status: 422,
  type: 'rejected',
  title: 'Rejected by Kafka',
  detail: 'The event is valid, but Kafka does not take it. The body was kept as a dead letter.',
});

/** The answer to a delivery whose body was read completely. */
export function answerFor(result: WebhookResult): Answer {
  switch (result.kind) {
    case 'accepted':
      return ACCEPTED[result.place];
    case 'malformed':
      return result.reason === 'not_json' ? NOT_JSON : NOT_UTF8;
    case 'invalid':
      return problem({
        status: 422,
        type: result.reason === 'schema' ? 'schema' : 'unknown-event',
        title: result.reason === 'schema' ? 'The event violates its schema' : 'Unknown event',
        detail: 'See errors. The body was kept as a dead letter.',
        errors: result.faults,
      });
    case 'rejected':
      return result.isTooLarge ? TOO_LARGE_FOR_KAFKA : REJECTED_BY_KAFKA;
    case 'unavailable':
      return UNAVAILABLE;
  }
}
