import type { ProtocolRequest } from '../connection/cluster.js';

export type ApiVersion = { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string };

/** What a broker has answered, and how long it asks us to be silent (ms), which kafkajs sees to. */
export type DecodedAnswer<T> = { readonly answer: T; readonly clientSideThrottleTime: number };

/**
 * A request whose bytes are made already. Its answer is given as it was decoded: error codes are the caller's to look at, and a failure is
 * the caller's to tell.
 *
 * @param timeoutMs without it, the client's.
 */
export function protocolRequest<T>(
  api: ApiVersion,
  bytes: Buffer,
  decode: (answer: Buffer) => DecodedAnswer<T>,
  timeoutMs?: number,
): ProtocolRequest<T> {
  return {
    request: { ...api, encode: () => Promise.resolve({ buf: bytes, buffer: bytes }) },
    response: {
      decode: (answer) => Promise.resolve(decode(answer)),
      parse: (decoded) => Promise.resolve((decoded as DecodedAnswer<T>).answer),
    },
    ...(timeoutMs !== undefined && { requestTimeout: timeoutMs }),
    logResponseError: false,
  };
}
