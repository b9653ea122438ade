/** How the end of a request's body is determined. */
export type Framing =
  /**
   * `bodyBytes`: Content-Length; `undefined` for a chunked body.
   * `isLast`: further bytes on the connection must not be interpreted as a request.
   */
  | { readonly kind: 'clear'; readonly bodyBytes: number | undefined; readonly isLast: boolean }
  | { readonly kind: 'faulty'; readonly detail: string };

/** The headers of a request. */
export type HeaderSource = { readonly forEach: (visit: (name: string, value: string) => void) => void };

/**
 * Checks the method and the headers that determine where the body ends. A proxy in front must agree with this server on that, or a body
 * could smuggle a request. Anything that two parsers might interpret differently is faulty, and its connection must be closed.
 *
 * uWebSockets.js itself rejects a request with both headers or a Content-Length that is not a number, but not the cases checked here.
 *
 * Its chunk parser is too lenient, and chunks are not visible here: it accepts any two bytes as the end of a chunk, so a trailer field
 * or an empty size line may hide a request. It also ends the headers at one without a name, which a length may follow.
 * Therefore no request is accepted after a chunked body, nor after a request without a length where one is usual.
 */
export function judgeFraming(headers: HeaderSource, method: string): Framing {
  const seen = {
    contentLength: '0',
    contentLengths: 0,
    transferEncoding: '',
    transferEncodings: 0,
    hosts: 0,
    close: false,
  };
  headers.forEach((name, value) => {
    switch (name) {
      case 'content-length':
        seen.contentLength = value;
        seen.contentLengths += 1;
        break;
      case 'transfer-encoding':
        seen.transferEncoding = value;
        seen.transferEncodings += 1;
        break;
      case 'host':
        seen.hosts += 1;
        break;
      case 'connection':
        seen.close ||= CLOSE.test(value);
        break;
    }
  });
  const detail = method === 'POST' || METHOD.test(method) ? faultOf(seen) : 'The method is not a token';
  if (detail !== undefined) return { kind: 'faulty', detail };
  const isChunked = seen.transferEncodings > 0;
  const mayLackLength = method === 'GET' || method === 'HEAD';
  return {
    kind: 'clear',
    bodyBytes: isChunked ? undefined : Number(seen.contentLength),
    isLast: seen.close || isChunked || (seen.contentLengths === 0 && !mayLackLength),
  };
}

/** A token (RFC 9110). uWebSockets.js also accepts an empty one, and `@` or DEL in it. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The `close` option, possibly among other options of the header. */
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

function faultOf(seen: {
  contentLength: string;
  contentLengths: number;
  transferEncoding: string;
  transferEncodings: number;
  hosts: number;
}): string | undefined {
  if (seen.contentLengths > 1) return 'Content-Length is present more than once';
  if (!/^\d{1,15}$/.test(seen.contentLength)) return 'Content-Length is not a number';
  if (seen.transferEncodings > 1) return 'Transfer-Encoding is present more than once';
  if (seen.transferEncodings > 0 && seen.transferEncoding.toLowerCase() !== 'chunked') {
    return 'Transfer-Encoding is not exactly "chunked"';
  }
  if (seen.transferEncodings > 0 && seen.contentLengths > 0)
    return 'Content-Length and Transfer-Encoding are both present';
  if (seen.hosts > 1) return 'Host is present more than once';
  return undefined;
}
