import type { IncomingMessage } from 'node:http';

/** First byte of a transfer: the requested one if the receiver has the bytes before it of this very version, or else 0. */
export function startOf(request: IncomingMessage, etag: string, length: number): number {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  return request.headers['if-range'] === etag && from < length ? from : 0;
}

/** Head of a response that sends the bytes from `start` on. */
export function headOf(
  start: number,
  length: number,
  etag: string,
): { status: number; headers: Record<string, string> } {
  return {
    status: start > 0 ? 206 : 200,
    headers: {
      'content-type': 'audio/wav',
      'content-length': String(length - start),
      'accept-ranges': 'bytes',
      etag,
      ...(start > 0 && { 'content-range': `bytes ${start}-${length - 1}/${length}` }),
    },
  };
}
