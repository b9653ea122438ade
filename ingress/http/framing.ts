/** How the end of a request's body is known. */
export type Framing =
  /** `bodyBytes`: announced by Content-Length; undefined for a chunked body. */
  | { readonly kind: 'clear'; readonly bodyBytes: number | undefined }
  | { readonly kind: 'faulty'; readonly detail: string };

/** The part of a request that framing is judged by. */
export type HeaderSource = { readonly forEach: (visit: (name: string, value: string) => void) => void };

/**
 * Judges the headers that say where the body ends. A proxy in front and this server must agree on that, or a body could hide a
 * request: whatever two readers might read differently is faulty, and its connection must be closed.
 *
 * uWebSockets.js refuses by itself both headers together and a Content-Length that is no number, but not what is looked for here.
 */
export function judgeFraming(headers: HeaderSource): Framing {
  const seen = { contentLength: '0', contentLengths: 0, transferEncoding: '', transferEncodings: 0, hosts: 0 };
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
    }
  });
  const detail = faultOf(seen);
  if (detail !== undefined) return { kind: 'faulty', detail };
  return { kind: 'clear', bodyBytes: seen.transferEncodings > 0 ? undefined : Number(seen.contentLength) };
}

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
