import { systemClock, type Clock } from '../../infra/async/clock.js';
import { isoTime } from '../../schemas/iso-time.js';
import type { SchemaFault, SenderEvent } from '../../schemas/validators.js';
import type { EventSink } from '../delivery/event-sink.js';
import type { IngressMetrics } from '../ingress-metrics.js';
import type { StoragePlace } from '../record.js';
import { deadLetterRecord, faultsOf, type RefusedBody } from './dead-letter-record.js';
import { eventRecord } from './event-record.js';
import { judgeBody } from './judge-body.js';
import { countTolerated } from './tolerated-deviations.js';

/** The result of a delivery. Every kind but `unavailable` means that its bytes are durable. */
export type WebhookResult =
  | { readonly kind: 'accepted'; readonly place: StoragePlace }
  | { readonly kind: 'malformed'; readonly reason: 'not_json' | 'not_utf8' }
  | { readonly kind: 'invalid'; readonly reason: 'schema' | 'unknown_event'; readonly faults: readonly SchemaFault[] }
  /** Valid, but Kafka will never take it. */
  | { readonly kind: 'rejected'; readonly isTooLarge: boolean }
  | { readonly kind: 'unavailable' };

/** `remoteAddress` is called before the receiver returns, or never. `done` is called once. */
export type WebhookReceiver = (
  body: Buffer,
  remoteAddress: () => string,
  done: (result: WebhookResult) => void,
) => void;

/** Judges bodies and stores them, valid or not. Results contain nothing that must be kept from the sender. */
export function createWebhookReceiver(
  sink: EventSink,
  metrics: IngressMetrics,
  clock: Clock = systemClock,
): WebhookReceiver {
  return (body, remoteAddress, done) => {
    const startedAt = clock.monotonic();
    const receivedAt = isoTime(clock.now());
    const verdict = judgeBody(body);
    if (verdict.kind === 'event') {
      const { event } = verdict;
      sink.accept(eventRecord(event, body, receivedAt), (outcome) => {
        if (outcome.kind === 'refused') {
          done(unavailable(metrics, event.event));
          return;
        }
        metrics.acknowledged(clock.monotonic() - startedAt);
        if (outcome.kind === 'rejected') {
          metrics.countEvent(event.event, 'dead_letter');
          done(outcome);
          return;
        }
        metrics.countEvent(event.event, outcome.place);
        countTolerated(event, metrics);
        done(ACCEPTED[outcome.place]);
      });
      return;
    }
    const name = 'event' in verdict ? verdict.event : undefined;
    sink.accept(deadLetterRecord(verdict, body, receivedAt, remoteAddress()), (outcome) => {
      if (outcome.kind === 'refused') {
        done(unavailable(metrics, name));
        return;
      }
      metrics.countEvent(name, 'dead_letter');
      metrics.acknowledged(clock.monotonic() - startedAt);
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
