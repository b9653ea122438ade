import { TOKEN } from './ingress-on-memory.js';

export const ingressHeaders = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

/** Sends one event like the vendor. */
export function postTo(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/v1/webhooks/pathors`, {
    method: 'POST',
    headers: { ...ingressHeaders, ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
}
