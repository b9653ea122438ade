/** A request as kafkajs sends it: kafkajs adds size, correlation id and client id, and passes the response's bytes to `decode`. */
export type ProtocolRequest<T> = {
  readonly request: ApiVersion & {
    readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<object>;
    readonly parse: (decoded: object) => Promise<T>;
  };
  readonly requestTimeout?: number;
  readonly logResponseError?: boolean;
};

export type ApiVersion = { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string };

/** A decoded response, and for how long the broker asks the client to send nothing (ms), which kafkajs respects. */
export type DecodedAnswer<T> = { readonly answer: T; readonly clientSideThrottleTime: number };

/**
 * A request that is encoded already. The answer is returned as decoded: the caller checks its error codes and reports failures.
 *
 * @param timeoutMs default: the client's request timeout.
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
