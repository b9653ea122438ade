import ipaddr from 'ipaddr.js';

/**
 * Addresses that look public but answer only inside a cloud, with that cloud's internal services.
 * 168.63.129.16 is Azure's wire server.
 */
const INTERNAL: ReadonlySet<string> = new Set(['168.63.129.16']);

/** The only range that has been allocated for use on the internet (RFC 4291, section 2.4; IANA's IPv6 address space). */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * Whether a text is an IP address on the public internet.
 *
 * Rejects everything else: loopback, private, shared, link-local and documentation ranges, multicast, texts that are not an address,
 * and every IPv6 form that embeds an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo), whatever the embedded address is.
 */
export function isPublicAddress(address: string): boolean {
  // Accept only the plain dotted form: ipaddr.js also accepts 0x7f.1. A zone (%eth0) never belongs to a public address.
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return ipaddr.IPv4.parse(address).range() === 'unicast' && !INTERNAL.has(address);
  }
  if (!ipaddr.IPv6.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST);
}
