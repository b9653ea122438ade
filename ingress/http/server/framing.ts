/** How the end of a request's body is known. */
export type Framing =
  /**
   * `bodyBytes`: announced by Content-Length; undefined for a chunked body.
   * `isLast`: whatever else comes on the connection must not be taken for a request.
   */
  | { readonly kind: 'clear'; readonly bodyBytes: number | undefined; readonly isLast: boolean }
  | { readonly kind: 'faulty'; readonly detail: string };

/** The part of a request that framing is judged by. */
export type HeaderSource = { readonly forEach: (visit: (name: string, value: string) => void) => void };

/**
 * Judges the method, and the headers that say where the body ends. A proxy in front and this server must agree on that, or a body could hide a
 * request: whatever two readers might read differently is faulty, and its connection must be closed.
 *
 * uWebSockets.js refuses by itself both headers together and a Content-Length that is no number, but not what is looked for here.
 *
 * It reads chunks too leniently, and nothing here sees them: any two bytes pass for the end of a chunk, so that a trailer field may
 * hide a request, and so may an empty size line. And it ends the headers at one without a name, behind which there may be a length.
 * So there is no further request after a chunked body, nor after one without a length where one is usual.
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

/** A token (RFC 9110). uWebSockets.js also takes an empty one, and `@` or DEL in it. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The sender's own wish, among other options of the connection. */
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;

function faultOf(seen: {
  contentLength: string;
  contentLengths: number;
  transferEncoding: string;
  transferEncodings: number;
  hosts: number;
}): string | undefined {
  if (seen.contentLengths > 1) return 'Content-Length is there more than once';
  if (!/^\d{1,15}$/.test(seen.contentLength)) return 'Content-Length is not a number';
  if (seen.transferEncodings > 1) return 'Transfer-Encoding is there more than once';
  if (seen.transferEncodings > 0 && seen.transferEncoding.toLowerCase() !== 'chunked') {
    return 'Transfer-Encoding is not exactly "chunked"';
  }
  if (seen.transferEncodings > 0 && seen.contentLengths > 0)
    return 'Content-Length and Transfer-Encoding are both there';
  if (seen.hosts > 1) return 'Host is there more than once';
  return undefined;
}
