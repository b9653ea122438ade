import { openApiDocument } from '../../openapi.js';
import type { RouteTable } from '../server/http-server.js';
import { statusRoutes, type StatusDeps } from './status-routes.js';
import { webhookRoute, type WebhookRouteDeps } from './webhook-route.js';

export type IngressRoutesDeps = WebhookRouteDeps &
  Pick<StatusDeps, 'readinessFault' | 'dependencyFaults' | 'metricsPage'> & { readonly isOpenToAnyone: boolean };

/** All routes of the ingress, by path. */
export function ingressRoutes(deps: IngressRoutesDeps): RouteTable {
  const { authHeader, isOpenToAnyone, limits } = deps;
  const openApi = openApiDocument({ authHeader, isOpenToAnyone, maxBodyBytes: limits.maxBodyBytes });
  const status = Object.entries(statusRoutes({ ...deps, openApi })).map(
    ([path, route]) => [path, { method: 'GET', route }] as const,
  );
  return {
    '/v1/webhooks/pathors': { method: 'POST', route: webhookRoute(deps) },
    ...Object.fromEntries(status),
  };
}
