import { isIPv6 } from 'node:net';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * An entry of ARCHIVE_ALLOWED_HOSTS in the spelling that URL gives to a host name, with `:port` if the entry has one;
 * `undefined` when it is no host.
 */
export function canonicalHost(entry: string): string | undefined {
  if (isIPv6(entry)) return canonicalHost(`[${entry}]`);
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\\*%[\]]+)(?::(\d{1,5}))?$/.exec(entry);
  if (match === null) return undefined;
  const [, host = '', port] = match;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined;
  if (!URL.canParse(`https://${host}`)) return undefined;
  const name = hostOf(new URL(`https://${host}`));
  return port === undefined ? name : `${name}:${Number(port)}`;
}

/** Hosts that the operator vouches for: plain http and private addresses are fine there. */
export class AllowedHosts {
  private readonly entries: ReadonlySet<string>;

  /** @param entries `host` (any port) or `host:port`; what is no host matches nothing. */
  constructor(entries: readonly string[]) {
    this.entries = new Set(entries.map(canonicalHost).filter((entry) => entry !== undefined));
  }

  has(url: URL): boolean {
    const host = hostOf(url);
    return this.entries.has(host) || this.entries.has(`${host}:${url.port || (DEFAULT_PORTS[url.protocol] ?? '')}`);
  }
}

/** `example.com.` names the same host as `example.com`. */
function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, '');
}
