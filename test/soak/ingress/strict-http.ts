/** Why the bytes after the last complete request are not a request. uWebSockets.js is known to be lenient about the first three. */
export type Fault = 'chunks' | 'nameless header' | 'blank beyond ASCII' | 'malformed' | 'incomplete';

export type StrictReading = {
  /** Bodies of well-framed requests, in order. */
  readonly bodies: readonly string[];
  /** Why parsing ended; `undefined`: at the end of the bytes, or after a request that closes the connection. */
  readonly fault: Fault | undefined;
};

/** The strictest reading of HTTP/1.1 (RFC 9112), as a second opinion on what is a request. `bytes` is Latin-1. */
export function readStrictly(bytes: string): StrictReading {
  const bodies: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const request = readRequest(bytes.slice(at));
    if (typeof request === 'string') return { bodies, fault: request };
    bodies.push(request.body);
    if (request.isLast) return { bodies, fault: undefined };
    at += request.bytes;
  }
  return { bodies, fault: undefined };
}

type Request = { readonly body: string; readonly bytes: number; readonly isLast: boolean };

function readRequest(text: string): Request | Fault {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return 'incomplete';
  const [requestLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  // DEL is accepted in targets and values: it matters to routing, not to framing.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^\0- ]+ HTTP\/1\.1$/.test(requestLine)) return 'malformed';
  const lengths: string[] = [];
  const encodings: string[] = [];
  let close = false;
  for (const line of lines) {
    if (line.startsWith(':')) return 'nameless header';
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\x0a-\x1f]*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return 'malformed';
    if (/^content-length$/i.test(name)) lengths.push(value);
    if (/^transfer-encoding$/i.test(name)) encodings.push(value);
    if (/^connection$/i.test(name)) close ||= /(^|,)[ \t]*close[ \t]*(,|$)/i.test(value);
  }
  const rest = text.slice(headEnd + 4);
  const framed = encodings.length > 0 ? readChunks(rest, encodings, lengths) : readLength(rest, lengths);
  if (typeof framed === 'string') return framed;
  const mayLackLength = /^(GET|HEAD) /.test(requestLine);
  const isLast = close || encodings.length > 0 || (lengths.length === 0 && !mayLackLength);
  return { body: framed.body, bytes: headEnd + 4 + framed.bytes, isLast };
}

type Framed = { readonly body: string; readonly bytes: number };

function readLength(rest: string, lengths: readonly string[]): Framed | Fault {
  const [length = '0'] = lengths;
  if (lengths.length > 1) return 'malformed';
  if (!/^\d{1,15}$/.test(length)) return beyondAscii(length) ? 'blank beyond ASCII' : 'malformed';
  const bytes = Number(length);
  return rest.length < bytes ? 'incomplete' : { body: rest.slice(0, bytes), bytes };
}

function readChunks(rest: string, encodings: readonly string[], lengths: readonly string[]): Framed | Fault {
  const [encoding = ''] = encodings;
  if (encodings.length > 1 || lengths.length > 0) return 'malformed';
  if (encoding.toLowerCase() !== 'chunked') return beyondAscii(encoding) ? 'blank beyond ASCII' : 'malformed';
  let body = '';
  let at = 0;
  for (;;) {
    const [line, size] = /^([0-9A-Fa-f]{1,12})\r\n/.exec(rest.slice(at, at + 20)) ?? [];
    if (line === undefined || size === undefined) return 'chunks';
    const dataAt = at + line.length;
    const dataEnd = dataAt + parseInt(size, 16);
    if (rest.slice(dataEnd, dataEnd + 2) !== '\r\n') return 'chunks';
    body += rest.slice(dataAt, dataEnd);
    at = dataEnd + 2;
    if (dataEnd === dataAt) return { body, bytes: at };
  }
}

function beyondAscii(value: string): boolean {
  return /^[\x80-\xff]|[\x80-\xff]$/.test(value);
}
