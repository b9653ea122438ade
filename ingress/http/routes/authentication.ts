import { timingSafeEqual } from 'node:crypto';

/** Whether the value of the authentication header (empty when absent) shows a known token. */
export type Authenticator = (header: string) => boolean;

/**
 * Accepts a token alone or after `Bearer `. Several tokens let an operator rotate them without losing an event.
 *
 * Its time tells nothing of the tokens but the length of the longest: what is shown is padded, or cut, to one more than that, and compared
 * in constant time, always with every token. Tokens hold no zero byte, so none equals a longer or shorter one.
 */
export function createAuthenticator(tokens: readonly string[]): Authenticator {
  const width = Math.max(...tokens.map(({ length }) => length)) + 1;
  const padded = tokens.map((token) => Buffer.alloc(width).fill(token, 0, token.length, 'latin1'));
  const shown = Buffer.alloc(width);
  return (header) => {
    shown.fill(0, shown.write(withoutScheme(header), 0, width, 'latin1'));
    let isKnown = false;
    for (const known of padded) isKnown = timingSafeEqual(known, shown) || isKnown;
    return isKnown;
  };
}

/** For `INGRESS_ALLOW_ANONYMOUS`: anyone may send. */
export const allowAnyone: Authenticator = () => true;

function withoutScheme(header: string): string {
  return /^bearer +/i.test(header) ? header.slice('bearer '.length).trimStart() : header;
}
