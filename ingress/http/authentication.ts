import { hash, timingSafeEqual } from 'node:crypto';

/** Whether the value of the authentication header (empty when absent) shows a known token. */
export type Authenticator = (header: string) => boolean;

/**
 * Accepts a token alone or after `Bearer `. Several tokens let an operator rotate them without losing an event.
 *
 * Its time tells nothing of the tokens: digests of one length are compared in constant time, and always with every token.
 */
export function createAuthenticator(tokens: readonly string[]): Authenticator {
  const digests = tokens.map(digest);
  return (header) => {
    const shown = digest(withoutScheme(header));
    let isKnown = false;
    for (const known of digests) isKnown = timingSafeEqual(known, shown) || isKnown;
    return isKnown;
  };
}

/** For `INGRESS_ALLOW_ANONYMOUS`: anyone may send. */
export const allowAnyone: Authenticator = () => true;

function withoutScheme(header: string): string {
  return /^bearer +/i.test(header) ? header.slice('bearer '.length).trimStart() : header;
}

function digest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
