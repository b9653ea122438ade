import * as http from 'node:http';
import * as https from 'node:https';
import type { ClientOptions } from 'minio';

type Transport = NonNullable<ClientOptions['transport']>;

/**
 * Sends minio-js's requests with what it leaves out: an abort, and an end when the connection stands still.
 *
 * @param stallMs without a byte in either direction.
 */
export function transport(useTls: boolean, signal: AbortSignal, stallMs: number): Transport {
  const request = (options: https.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
    const sent = (useTls ? https : http).request({ ...options, signal }, (response) => {
      // Whoever is no longer interested in the body does not listen for its end either.
      response.on('error', () => undefined);
      onResponse(response);
    });
    sent.setTimeout(stallMs, () => sent.destroy(new Error(`no progress in ${stallMs} ms`)));
    return sent;
  };
  return { request: request as Transport['request'] };
}
