import { answer, json, type Answer } from '../server/answer.js';
import type { Route } from '../server/route.js';

/** Prometheus text, or whatever its content type says. */
export type MetricsPage = { readonly contentType: string; readonly text: string };

export type StatusSources = {
  /** `undefined` when ready, else what is missing. */
  readonly notReady: () => string | undefined;
  readonly metricsPage: () => Promise<MetricsPage>;
  /** OpenAPI document. */
  readonly openApi: object;
};

const ALIVE = json(200, { status: 'ok' });
const READY = json(200, { status: 'ready' });

/** What is asked with GET or HEAD: by probes, by Prometheus, by people. Open to anyone, as none of it is about a session. */
export function statusRoutes({ notReady, metricsPage, openApi }: StatusSources): Readonly<Record<string, Route>> {
  const document = json(200, openApi);
  return {
    '/healthz': fixed(() => ALIVE),
    '/readyz': fixed(() => {
      const reason = notReady();
      return reason === undefined ? READY : json(503, { status: 'not ready', reason });
    }),
    '/openapi.json': fixed(() => document),
    '/metrics': ({ exchange, bodyBytes }) => {
      void metricsPage().then(({ contentType, text }) =>
        exchange.answerUnread(answer(200, contentType, text), bodyBytes),
      );
    },
  };
}

function fixed(make: () => Answer): Route {
  return ({ exchange, bodyBytes }) => exchange.answerUnread(make(), bodyBytes);
}
