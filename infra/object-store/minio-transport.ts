import * as http from 'node:http';
import * as https from 'node:https';
import type { ClientOptions } from 'minio';

type Transport = NonNullable<ClientOptions['transport']>;

/**
 * Sends the requests of minio-js so that they can be aborted and fail when the connection stalls, neither of which minio-js supports.
 *
 * @param stallMs a request fails after this long without a byte in either direction.
 */
export function transport(useTls: boolean, signal: AbortSignal, stallMs: number): Transport {
  const request = (options: https.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
    const sent = (useTls ? https : http).request({ ...options, signal }, (response) => {
      // A caller that ignores the body does not listen for its errors.
      response.on('error', () => undefined);
      onResponse(response);
    });
    sent.setTimeout(stallMs, () => sent.destroy(new Error(`no progress in ${stallMs} ms`)));
    return sent;
  };
  return { request: request as Transport['request'] };
}
