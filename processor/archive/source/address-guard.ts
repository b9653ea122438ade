import ipaddr from 'ipaddr.js';

/**
 * Addresses that look public and are not: they answer only inside a cloud, with things that are nobody else's business.
 * 168.63.129.16 is Azure's wire server.
 */
const INTERNAL: ReadonlySet<string> = new Set(['168.63.129.16']);

/** All that has ever been given out for use on the internet (RFC 4291, section 2.4; IANA's IPv6 address space). */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * Whether an IP address, as a resolver or a URL gives it, is one on the public internet.
 *
 * Everything else is refused, also what is no address at all. That leaves out loopback, private, shared, link-local and
 * documentation ranges, multicast, and every IPv6 form that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo):
 * a recording has no business there, so what is inside is not even looked at.
 */
export function isPublicAddress(address: string): boolean {
  // Only the plain dotted form: ipaddr.js would also take 0x7f.1, and a zone (%eth0) never belongs to a public address.
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return ipaddr.IPv4.parse(address).range() === 'unicast' && !INTERNAL.has(address);
  }
  if (!ipaddr.IPv6.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST);
}
