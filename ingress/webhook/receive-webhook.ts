import { isDocumentedCallStatus, type SchemaFault, type SenderEvent } from '../../schemas/validators.js';
import type { IngressMetrics } from '../ingress-metrics.js';
import type { DurableStore, StoragePlace } from '../store/durable-store.js';
import { deadLetterRecord, faultsOf, type RefusedBody } from './dead-letter-record.js';
import { eventRecord } from './event-record.js';
import { judgeBody } from './judge-body.js';

/** How a delivery ends, once its bytes are durable; or `unavailable`, when they could not be made so. */
export type WebhookResult =
  | { readonly kind: 'accepted'; readonly place: StoragePlace }
  | { readonly kind: 'malformed'; readonly reason: 'not_json' | 'not_utf8' }
  | { readonly kind: 'invalid'; readonly reason: 'schema' | 'unknown_event'; readonly faults: readonly SchemaFault[] }
  | { readonly kind: 'unavailable' };

export type WebhookReceiver = (body: Buffer, remoteAddress: () => string) => Promise<WebhookResult>;

/**
 * Judges a body and stores it, valid or not; the result may be told to the sender as it is.
 * `remoteAddress` is called before this returns, or never.
 */
export function createWebhookReceiver(store: DurableStore, metrics: IngressMetrics): WebhookReceiver {
  return async (body, remoteAddress) => {
    const startedAt = performance.now();
    const receivedAt = new Date().toISOString();
    const verdict = judgeBody(body);
    if (verdict.kind === 'event') {
      const { event } = verdict;
      const outcome = await store.store(eventRecord(event, body, receivedAt));
      if (outcome.kind === 'refused') return unavailable(metrics, event.event);
      metrics.countEvent(event.event, outcome.place);
      metrics.acknowledged(performance.now() - startedAt);
      const status = event['callStatus'];
      if (typeof status === 'string' && !isDocumentedCallStatus(status)) metrics.unknownCallStatus();
      return { kind: 'accepted', place: outcome.place };
    }
    const name = 'event' in verdict ? verdict.event : undefined;
    const outcome = await store.store(deadLetterRecord(verdict, body, receivedAt, remoteAddress()));
    if (outcome.kind === 'refused') return unavailable(metrics, name);
    metrics.countEvent(name, 'dead_letter');
    metrics.acknowledged(performance.now() - startedAt);
    return refusal(verdict);
  };
}

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
