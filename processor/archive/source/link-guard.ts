import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';
import type { AllowedHosts } from './allowed-hosts.js';
import type { SourceFault } from './source-fault.js';

export type ResolvedAddress = { readonly address: string; readonly family: number };

/** Resolves a host name to all of its addresses. @throws Error if it has none, or the resolver does not answer. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** A link that may be requested, and the only addresses to connect to. */
export type Target = { readonly url: URL; readonly addresses: readonly ResolvedAddress[] };

export type LinkVerdict =
  { readonly kind: 'allowed'; readonly target: Target } | { readonly kind: 'refused'; readonly fault: SourceFault };

/** Maximum length of a link. No server accepts more in a request line, and it bounds the memory of pending links. */
const MAX_LINK_CHARS = 16_384;

export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Judges links before anything is sent to them: allows only https and public addresses, unless the operator allows the host.
 * Each redirect is a new link to judge.
 */
export class LinkGuard {
  constructor(
    private readonly allowed: AllowedHosts,
    private readonly resolve: Resolve,
  ) {}

  /** @param base the link that redirected here, if any. */
  async judge(link: string, base?: URL): Promise<LinkVerdict> {
    // Check first: the error of URL would contain the link.
    if (link.length > MAX_LINK_CHARS || !URL.canParse(link, base?.href)) return refused('invalid_url');
    const url = new URL(link, base);
    if (!['https:', 'http:'].includes(url.protocol)) return refused('invalid_url', 'scheme');
    if (url.username !== '' || url.password !== '') return refused('invalid_url', 'credentials');
    const isAllowed = this.allowed.has(url);
    if (url.protocol === 'http:' && !isAllowed) return refused('insecure_url');
    const addresses = await this.addressesOf(url.hostname);
    if (addresses === undefined) return refused('source_unreachable', 'DNS');
    // One forbidden address is enough to refuse: the source could choose which one a connection uses.
    if (!isAllowed && !addresses.every(({ address }) => isPublicAddress(address))) return refused('forbidden_address');
    return { kind: 'allowed', target: { url, addresses } };
  }

  private async addressesOf(hostname: string): Promise<readonly ResolvedAddress[] | undefined> {
    const literal = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(literal);
    if (family !== 0) return [{ address: literal, family }];
    // Drop the resolver's error, which names the host.
    const found = await this.resolve(hostname).catch(() => []);
    return found.length === 0 ? undefined : found;
  }
}

function refused(reason: SourceFault['reason'], detail?: string): LinkVerdict {
  return { kind: 'refused', fault: { reason, ...(detail !== undefined && { detail }) } };
}
