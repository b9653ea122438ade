import type { IngressMetrics } from '../../ingress-metrics.js';
import type { WebhookReceiver } from '../../webhook/receive-webhook.js';
import { readBody, type BodyLimits } from '../server/body-reader.js';
import type { Authenticator } from './authentication.js';
import type { Route } from '../server/route.js';
import { answerFor, OVERLOAD, tooLarge, TOO_SLOW, UNAUTHORIZED } from './webhook-answers.js';

export type WebhookRouteDeps = {
  readonly receive: WebhookReceiver;
  readonly metrics: IngressMetrics;
  readonly authenticate: Authenticator;
  /** Lower-case name. */
  readonly authHeader: string;
  readonly limits: BodyLimits;
};

/** `POST /v1/webhooks/pathors`. Authenticates before reading the body, and answers once the bytes are durable. */
export function webhookRoute({ receive, metrics, authenticate, authHeader, limits }: WebhookRouteDeps): Route {
  return ({ res, req, exchange, bodyBytes, clientAddress }) => {
    if (!authenticate(req.getHeader(authHeader))) {
      metrics.rejected('unauthorized');
      exchange.answerUnread(UNAUTHORIZED, bodyBytes);
      return;
    }
    if (bodyBytes !== undefined && bodyBytes > limits.maxBodyBytes) {
      metrics.rejected('too_large');
      exchange.answerAndClose(tooLarge(limits.maxBodyBytes));
      return;
    }
    const drop = readBody(res, limits, (outcome) => {
      switch (outcome.kind) {
        case 'complete':
          receive(outcome.body, clientAddress, (result) => {
            outcome.release();
            exchange.answer(answerFor(result));
          });
          return;
        case 'too_large':
          metrics.rejected('too_large');
          exchange.answerAndClose(tooLarge(limits.maxBodyBytes));
          return;
        case 'too_slow':
          metrics.rejected('too_slow');
          exchange.answerAndClose(TOO_SLOW);
          return;
        case 'overload':
          metrics.rejected('overload');
          exchange.answerAndClose(OVERLOAD);
      }
    });
    exchange.onAborted(() => {
      if (drop()) metrics.rejected('aborted');
    });
  };
}
