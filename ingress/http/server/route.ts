import type { Exchange } from './exchange.js';
import type { HttpRequest, HttpResponse } from './uws-loader.js';

/** A request. `req` is valid only until the route returns. */
export type RoutedRequest = {
  readonly res: HttpResponse;
  readonly req: HttpRequest;
  readonly exchange: Exchange;
  /** Content-Length; `undefined` for a chunked body. */
  readonly bodyBytes: number | undefined;
  /** Address of the client. Call it while the connection is open. */
  readonly clientAddress: () => string;
};

export type Route = (request: RoutedRequest) => void;
