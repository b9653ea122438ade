import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type { ResolvedAddress, Target } from './link-guard.js';

export type SourceResponse = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Readable;
};

/**
 * Sends one GET to a judged target and resolves with the head of the response. Does not follow redirects.
 * @throws Error of the network, or an abort. Its message may contain parts of the link.
 */
export type OpenSource = (
  target: Target,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<SourceResponse>;

/** Opens a new connection for each request, only to the judged addresses. */
export const openHttpSource: OpenSource = ({ url, addresses }, headers, signal) =>
  new Promise((resolve, reject) => {
    const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const request = (url.protocol === 'https:' ? https : http).request(
      {
        protocol: url.protocol,
        hostname,
        port: url.port,
        path: `${url.pathname}${url.search}`,
        headers,
        signal,
        // A pooled connection may lead to an address that was judged for another request.
        agent: false,
        lookup: pinnedTo(addresses),
        ...(url.protocol === 'https:' && isIP(hostname) === 0 && { servername: hostname }),
      },
      (response) => {
        // Destroying an unread body emits an error that no other listener handles.
        response.on('error', () => undefined);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
      },
    );
    request.on('error', reject);
    request.end();
  });

/** Repeats the resolver's first answer: a second query could return another one (DNS rebinding). */
function pinnedTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else if (first === undefined) callback(new Error('no address'), '', 4);
    else callback(null, first.address, first.family);
  };
}
