import { timingSafeEqual } from 'node:crypto';

/** Whether the value of the authentication header (empty if absent) contains a known token. */
export type Authenticator = (header: string) => boolean;

/**
 * Accepts a token alone or after `Bearer `. Several tokens allow rotation without losing an event.
 *
 * The duration reveals nothing about the tokens but the length of the longest: the header's token is padded or cut to one byte more, and
 * compared with every token in constant time. Tokens contain no zero byte, so the padding never makes two of them equal.
 */
export function createAuthenticator(tokens: readonly string[]): Authenticator {
  const width = Math.max(...tokens.map(({ length }) => length)) + 1;
  const padded = tokens.map((token) => Buffer.alloc(width).fill(token, 0, token.length, 'latin1'));
  const candidate = Buffer.alloc(width);
  return (header) => {
    candidate.fill(0, candidate.write(withoutScheme(header), 0, width, 'latin1'));
    let isKnown = false;
    for (const known of padded) isKnown = timingSafeEqual(known, candidate) || isKnown;
    return isKnown;
  };
}

/** {@link createAuthenticator} of the tokens as they are now. All of them change at once, between two requests. */
export function liveAuthenticator(tokens: () => readonly string[]): Authenticator {
  let known = tokens();
  let authenticate = createAuthenticator(known);
  return (header) => {
    const current = tokens();
    if (current !== known) {
      authenticate = createAuthenticator(current);
      known = current;
    }
    return authenticate(header);
  };
}

/** For `INGRESS_ALLOW_ANONYMOUS`: anyone may send. */
export const allowAnyone: Authenticator = () => true;

function withoutScheme(header: string): string {
  return /^bearer +/i.test(header) ? header.slice('bearer '.length).trimStart() : header;
}
