import { answer, json, type Answer } from '../server/answer.js';
import type { Route } from '../server/route.js';

/** Metrics, usually as Prometheus text. */
export type MetricsPage = { readonly contentType: string; readonly text: string };

export type StatusDeps = {
  /** Why events cannot be stored; `undefined` if ready. */
  readonly readinessFault: () => string | undefined;
  /** What is missing of each dependency; `undefined` where nothing is. */
  readonly dependencyFaults: () => Readonly<Record<string, string | undefined>>;
  readonly metricsPage: () => Promise<MetricsPage>;
  /** OpenAPI document. */
  readonly openApi: object;
};

const ALIVE = json(200, { status: 'ok' });
const READY = json(200, { status: 'ready' });

/** Routes for probes, Prometheus and people. They need no token, because they reveal nothing about sessions. */
export function statusRoutes({
  readinessFault,
  dependencyFaults,
  metricsPage,
  openApi,
}: StatusDeps): Readonly<Record<string, Route>> {
  const document = json(200, openApi);
  return {
    '/healthz': fixed(() => ALIVE),
    '/readyz': ({ req, exchange, bodyBytes }) => {
      const reason = readinessFault();
      const isVerbose = new URLSearchParams(req.getQuery()).has('verbose');
      const checks = isVerbose ? verboseChecks(dependencyFaults()) : undefined;
      const ready = checks === undefined ? READY : json(200, { status: 'ready', checks });
      exchange.answerUnread(
        reason === undefined ? ready : json(503, { status: 'not ready', reason, checks }),
        bodyBytes,
      );
    },
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

function verboseChecks(faults: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(faults).map(([dependency, fault]) => [dependency, fault ?? 'ok']));
}
