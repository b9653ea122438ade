import { isoTime } from '../../schemas/iso-time.js';
import { isDocumentedCallStatus, type SchemaFault, type SenderEvent } from '../../schemas/validators.js';
import type { IngressMetrics } from '../ingress-metrics.js';
import type { DurableStore, StoragePlace } from '../delivery/event-sink.js';
import { deadLetterRecord, faultsOf, type RefusedBody } from './dead-letter-record.js';
import { eventRecord } from './event-record.js';
import { judgeBody } from './judge-body.js';

/** How a delivery ends, once its bytes are durable; or `unavailable`, when they could not be made so. */
export type WebhookResult =
  | { readonly kind: 'accepted'; readonly place: StoragePlace }
  | { readonly kind: 'malformed'; readonly reason: 'not_json' | 'not_utf8' }
  | { readonly kind: 'invalid'; readonly reason: 'schema' | 'unknown_event'; readonly faults: readonly SchemaFault[] }
  | { readonly kind: 'unavailable' };

export type WebhookReceiver = (
  body: Buffer,
  remoteAddress: () => string,
  done: (result: WebhookResult) => void,
) => void;

/**
 * Judges a body and stores it, valid or not; the result, which may be told to the sender as it is, is given to `done`.
 * `remoteAddress` is called before this returns, or never.
 */
export function createWebhookReceiver(store: DurableStore, metrics: IngressMetrics): WebhookReceiver {
  return (body, remoteAddress, done) => {
    const startedAt = performance.now();
    const receivedAt = isoTime(Date.now());
    const verdict = judgeBody(body);
    if (verdict.kind === 'event') {
      const { event } = verdict;
      store.store(eventRecord(event, body, receivedAt), (outcome) => {
        if (outcome.kind === 'refused') {
          done(unavailable(metrics, event.event));
          return;
        }
        metrics.countEvent(event.event, outcome.place);
        metrics.acknowledged(performance.now() - startedAt);
        const status = event['callStatus'];
        if (typeof status === 'string' && !isDocumentedCallStatus(status)) metrics.unknownCallStatus();
        done(ACCEPTED[outcome.place]);
      });
      return;
    }
    const name = 'event' in verdict ? verdict.event : undefined;
    store.store(deadLetterRecord(verdict, body, receivedAt, remoteAddress()), (outcome) => {
      if (outcome.kind === 'refused') {
        done(unavailable(metrics, name));
        return;
      }
      metrics.countEvent(name, 'dead_letter');
      metrics.acknowledged(performance.now() - startedAt);
      done(refusal(verdict));
    });
  };
}

const ACCEPTED = {
  kafka: { kind: 'accepted', place: 'kafka' },
  spool: { kind: 'accepted', place: 'spool' },
} as const;

function unavailable(metrics: IngressMetrics, event: SenderEvent['event'] | undefined): WebhookResult {
  metrics.countEvent(event, 'refused');
  return { kind: 'unavailable' };
}

function refusal(verdict: RefusedBody): WebhookResult {
  switch (verdict.kind) {
    case 'not_json':
    case 'not_utf8':
      return { kind: 'malformed', reason: verdict.kind };
    case 'schema':
    case 'unknown_event':
      return { kind: 'invalid', reason: verdict.kind, faults: faultsOf(verdict) };
  }
}
