import type { ForwardedFields } from './request-head.js';
import { normalAddress, type TrustedProxies } from './trusted-proxies.js';

/**
 * The address of the client that sent a request: the peer of the connection or, if that is a trusted proxy, the rightmost hop in
 * `X-Forwarded-For` or `Forwarded` that is not one. Each proxy appends the address that it saw, so whatever a client wrote into the header
 * itself is further left.
 *
 * If both headers are present and name different clients, a proxy has passed one of them on unread, and this is the peer's address.
 */
export function clientAddress(peer: string, fields: ForwardedFields, trusted: TrustedProxies): string {
  const nearest = normalAddress(peer) ?? peer;
  if (trusted.isEmpty || !trusted.includes(nearest)) return nearest;
  const { forwarded, xForwardedFor } = fields;
  const named = [
    ...(xForwardedFor === undefined ? [] : [rightmostUntrusted(nearest, xForwardedFor.split(','), trusted)]),
    ...(forwarded === undefined ? [] : [rightmostUntrusted(nearest, forwardedFor(forwarded), trusted)]),
  ];
  const [first = nearest, second = first] = named;
  return first === second ? first : nearest;
}

/** Walks from the peer to the client. Ends at a hop that is not an address, because nothing beyond it can be attributed. */
function rightmostUntrusted(peer: string, hops: readonly string[], trusted: TrustedProxies): string {
  let nearest = peer;
  for (const hop of hops.toReversed()) {
    const address = normalAddress(withoutPort(hop.trim()));
    if (address === undefined) return nearest;
    nearest = address;
    if (!trusted.includes(address)) return nearest;
  }
  return nearest;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` and `[2001:db8::1]` without port and brackets. */
function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(hop);
  return match?.[1] ?? match?.[2] ?? hop;
}

/**
 * The `for` parameter of each element of a `Forwarded` header (RFC 7239); an empty string where it is absent. None at all if a quote is left
 * open: a client could otherwise swallow the elements that proxies have appended to its own.
 */
function forwardedFor(value: string): string[] {
  return (splitOutsideQuotes(value, ',') ?? []).map((element) => {
    for (const pair of splitOutsideQuotes(element, ';') ?? []) {
      const match = /^\s*for\s*=\s*(?:"([^"\\]*)"|([^\s"]*))\s*$/i.exec(pair);
      if (match !== null) return match[1] ?? match[2] ?? '';
    }
    return '';
  });
}

/** `undefined` if a quote is left open. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\\' && isQuoted) at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return isQuoted ? undefined : parts;
}
