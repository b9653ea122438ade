import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './address-guard.js';
import type { AllowedHosts } from './allowed-hosts.js';
import type { SourceFault } from './source-fault.js';

export type ResolvedAddress = { readonly address: string; readonly family: number };

/** All addresses of a host name. @throws Error when there is none, or the resolver does not answer. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** A link that may be requested, and the addresses that it may be requested from: connect to no other. */
export type Target = { readonly url: URL; readonly addresses: readonly ResolvedAddress[] };

export type LinkVerdict =
  { readonly kind: 'allowed'; readonly target: Target } | { readonly kind: 'refused'; readonly fault: SourceFault };

/** Beyond what any server takes in a request line; keeps pending links small. */
const MAX_LINK_CHARS = 16_384;

export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Judges links before anything is sent to them: https and public addresses only, unless the operator allows the host.
 * Each redirect is a link to judge anew.
 */
export class LinkGuard {
  constructor(
    private readonly allowed: AllowedHosts,
    private readonly resolve: Resolve,
  ) {}

  /** @param base the link that redirected here, when it did. */
  async judge(link: string, base?: URL): Promise<LinkVerdict> {
    // URL's own error would carry the link.
    if (link.length > MAX_LINK_CHARS || !URL.canParse(link, base?.href)) return refused('invalid_url');
    const url = new URL(link, base);
    if (!['https:', 'http:'].includes(url.protocol)) return refused('invalid_url', 'scheme');
    if (url.username !== '' || url.password !== '') return refused('invalid_url', 'credentials');
    const vouchedFor = this.allowed.has(url);
    if (url.protocol === 'http:' && !vouchedFor) return refused('insecure_url');
    const addresses = await this.addressesOf(url.hostname);
    if (addresses === undefined) return refused('source_unreachable', 'DNS');
    // One forbidden address among many is enough: which of them a connection would take is the other side's choice.
    if (!vouchedFor && !addresses.every(({ address }) => isPublicAddress(address))) return refused('forbidden_address');
    return { kind: 'allowed', target: { url, addresses } };
  }

  private async addressesOf(hostname: string): Promise<readonly ResolvedAddress[] | undefined> {
    const literal = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(literal);
    if (family !== 0) return [{ address: literal, family }];
    // A resolver's error names the host, so it goes no further.
    const found = await this.resolve(hostname).catch(() => []);
    return found.length === 0 ? undefined : found;
  }
}

function refused(reason: SourceFault['reason'], detail?: string): LinkVerdict {
  return { kind: 'refused', fault: { reason, ...(detail !== undefined && { detail }) } };
}
