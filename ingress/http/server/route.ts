import type { Exchange } from './exchange.js';
import type { HttpRequest, HttpResponse } from './uws-loader.js';

/** A request in its own turn: `req` must not be used later. */
export type RoutedRequest = {
  readonly res: HttpResponse;
  readonly req: HttpRequest;
  readonly exchange: Exchange;
  /** Announced size of the body; undefined for a chunked one. */
  readonly bodyBytes: number | undefined;
};

export type Route = (request: RoutedRequest) => void;
