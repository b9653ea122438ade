import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../../processor/archive/source/public-address.js';

const FORBIDDEN = `
0.0.0.0 0.0.0.1 0.255.255.255
10.0.0.0 10.1.2.3 10.255.255.255
100.64.0.0 100.100.100.200 100.127.255.255
127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.255
168.63.129.16
169.254.0.1 169.254.169.254 169.254.170.2 169.254.255.255
172.16.0.1 172.20.10.1 172.31.255.255
192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.254 255.255.255.255
:: ::1 0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0001
::127.0.0.1 ::7f00:1 ::10.0.0.1 ::8.8.8.8 ::808:808
::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:169.254.169.254 ::ffff:10.0.0.1 ::ffff:8.8.8.8 0:0:0:0:0:ffff:127.0.0.1 0:0:0:0:0:ffff:7f00:0001
::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8
64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:ffff::10.0.0.1
100::1 100:0:0:1::1
2001::1 2001:0:7f00:1:: 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:db8::1 2001:db8:ffff::1
2002:7f00:1:: 2002:a9fe:a9fe:: 2002:a00:1::1 2002:808:808::
2620:4f:8000::1 3fff::1 4000::1 5f00::1 8000::1
fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a:1::1 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fe80::1 fe80::1%eth0 fe80::1%1 febf::1 fec0::1 feff::1
ff00::1 ff02::1 ff05::1:3 ff0e::1
2606:4700::1%eth0
`
  .split(/\s+/)
  .filter((address) => address !== '');

const NO_ADDRESS = [
  '',
  'localhost',
  'example.com',
  '127.1',
  '0x7f.0.0.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '8.8.8',
  '8.8.8.8.',
  '8.8.8.8:443',
  '[2606:4700::1]',
  '256.1.1.1',
  ' 8.8.8.8',
  '8.8.8.8 ',
];

const PUBLIC = `
1.1.1.1 8.8.8.8 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 168.63.129.15 169.253.255.255 172.15.255.255
172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255
2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450:4001:800::200e 2400:cb00::1
`
  .split(/\s+/)
  .filter((address) => address !== '');

describe('isPublicAddress', () => {
  it('is tested with at least 100 forbidden spellings', () => {
    expect(new Set(FORBIDDEN).size).toBeGreaterThanOrEqual(100);
  });

  it.each(FORBIDDEN)('rejects %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(NO_ADDRESS)('rejects "%s", which is not an address', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });

  it.each(PUBLIC)('accepts %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it('rejects every IPv6 address outside the allocated range, and every private IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (!/^[23]/.test(address)) expect(isPublicAddress(address)).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.nat(255), fc.constantFrom(0, 10, 127, 224, 250), (b, c, d, a) => {
        expect(isPublicAddress(`${a}.${b}.${c}.${d}`)).toBe(false);
      }),
    );
  });
});
