import { isIPv6 } from 'node:net';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Normalizes an entry of ARCHIVE_ALLOWED_HOSTS to the spelling that URL uses for host names, with `:port` if the entry has one;
 * `undefined` if it is not a host.
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

/** Hosts that the operator trusts: plain http and private addresses are allowed there. */
export class AllowedHosts {
  private readonly entries: ReadonlySet<string>;

  /** @param entries `host` (any port) or `host:port`. An entry that is not a host matches nothing. */
  constructor(entries: readonly string[]) {
    this.entries = new Set(entries.map(canonicalHost).filter((entry) => entry !== undefined));
  }

  has(url: URL): boolean {
    const host = hostOf(url);
    return this.entries.has(host) || this.entries.has(`${host}:${url.port || (DEFAULT_PORTS[url.protocol] ?? '')}`);
  }
}

/** Host name without the trailing dot: `example.com.` is the same host as `example.com`. */
function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, '');
}
