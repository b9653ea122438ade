import ipaddr from 'ipaddr.js';

/** Addresses of proxies that may name the client of a request. */
export type TrustedProxies = {
  readonly isEmpty: boolean;
  readonly includes: (address: string) => boolean;
};

/**
 * Reads addresses and CIDR ranges.
 * @throws TypeError that names the first item that is neither.
 */
export function trustedProxies(items: readonly string[]): TrustedProxies {
  const ranges = items.map(toRange);
  return {
    isEmpty: ranges.length === 0,
    includes: (text) => {
      const address = parseAddress(text);
      return address !== undefined && ranges.some(([base, bits]) => isInRange(address, base, bits));
    },
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address in its shortest form; IPv4 addresses mapped into IPv6 as IPv4. `undefined` if it is no address. */
export function normalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString();
}

function parseAddress(text: string): Address | undefined {
  // The library also accepts `1`, `0x7f.1` and octal numbers, which no proxy writes.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !(text.includes(':') && ipaddr.IPv6.isValid(text))) return undefined;
  return ipaddr.process(text);
}

function toRange(item: string): [Address, number] {
  const [text = '', bits, ...rest] = item.split('/');
  const address = parseAddress(text);
  if (address === undefined || rest.length > 0) throw new TypeError(`${item} is not an address or CIDR range`);
  const isMapped = text.includes(':') && address.kind() === 'ipv4';
  const width = address.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [address, width];
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) - (isMapped ? 96 : 0) : -1;
  if (prefix < 0 || prefix > width) throw new TypeError(`${item} is not an address or CIDR range`);
  return [address, prefix];
}

function isInRange(address: Address, base: Address, bits: number): boolean {
  return address.kind() === base.kind() && (address as ipaddr.IPv4).match(base, bits);
}
