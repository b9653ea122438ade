import { openApiDocument } from '../../openapi.js';
import type { RouteTable } from '../server/http-server.js';
import { statusRoutes, type StatusSources } from './status-routes.js';
import { webhookRoute, type WebhookRouteOptions } from './webhook-route.js';

export type IngressRoutesOptions = WebhookRouteOptions &
  Pick<StatusSources, 'readinessFault' | 'metricsPage'> & { readonly isOpenToAnyone: boolean };

/** All routes of the ingress, by path. */
export function ingressRoutes(options: IngressRoutesOptions): RouteTable {
  const { authHeader, isOpenToAnyone, limits } = options;
  const openApi = openApiDocument({ authHeader, isOpenToAnyone, maxBodyBytes: limits.maxBodyBytes });
  const status = Object.entries(statusRoutes({ ...options, openApi })).map(
    ([path, route]) => [path, { method: 'GET', route }] as const,
  );
  return {
    '/v1/webhooks/pathors': { method: 'POST', route: webhookRoute(options) },
    ...Object.fromEntries(status),
  };
}
