/** IPv4 targets that no link may lead to. */
const IPV4 = [
  '127.0.0.1', // loopback
  '10.0.0.1', // private
  '172.16.5.4', // private
  '192.168.1.1', // private
  '169.254.169.254', // metadata of AWS, Azure, Google and most others
  '169.254.170.2', // AWS ECS task credentials
  '100.100.100.200', // metadata of Alibaba
  '168.63.129.16', // Azure's wire server
  '192.0.0.192', // metadata of Oracle
  '0.0.0.0', // this host
] as const;

/** The spellings of an IPv4 address that URL parsers, resolvers or C libraries accept. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const octal = (value: number) => `0${value.toString(8)}`;
  const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
  const fullwidth = address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
  return [
    address,
    `${address}.`,
    String(whole),
    hex(whole),
    octal(whole),
    hex(whole).toUpperCase().replace('0X', '0x'),
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    `${hex(a)}.${b}.${octal(c)}.${d}`,
    `${a}.${b * 65_536 + c * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `0000${octal(a)}.${b}.${c}.${d}`,
    fullwidth,
    address.replaceAll('.', '。'),
    address.replaceAll('.', '%2e'),
    address.replace(/\d/g, (digit) => `%3${digit}`),
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:FFFF:${address}]`,
    `[::${high}:${low}]`,
    `[::ffff:0:${high}:${low}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:${high}:${low}::1]`,
  ];
}

const IPV6 = [
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[fe80::1]',
  '[FE80::1]',
  '[fe80::1%25eth0]',
  '[fe80::1%eth0]',
  '[::1%25lo]',
  '[fc00::1]',
  '[fd00:ec2::254]', // metadata of AWS
  '[fd20:ce::254]', // metadata of Google
  '[fec0::1]',
  '[ff02::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[5f00::1]',
  '[4000::1]',
];

/** Host names and their addresses, according to a resolver of an attacker or inside a cloud. */
export const FORBIDDEN_NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1'],
  'localhost.': ['::1'],
  'localhost.localdomain': ['127.0.0.1'],
  'ip6-localhost': ['::1'],
  'metadata.google.internal': ['169.254.169.254'],
  metadata: ['169.254.169.254'],
  'instance-data': ['169.254.169.254'],
  'instance-data.ec2.internal': ['169.254.169.254'],
  'kubernetes.default.svc': ['10.96.0.1'],
  'host.docker.internal': ['192.168.65.254'],
  '127.0.0.1.nip.test': ['127.0.0.1'],
  'mixed.test': ['93.184.215.14', '10.0.0.1'],
  'mixed6.test': ['2606:4700::1111', '::1'],
  'late.test': ['93.184.215.14', '93.184.215.15', '93.184.215.16', '169.254.169.254'],
  'mapped.test': ['::ffff:93.184.215.14'],
  'zone.test': ['fe80::1%eth0'],
  'xn--bcher-kva.test': ['127.0.0.1'],
};

const BY_NAME = Object.keys(FORBIDDEN_NAMES).flatMap((name) => [
  name,
  name.toUpperCase(),
  `${name.replace(/\.$/, '')}:8443`,
]);

/** Links whose host is not the one that it seems to be. */
const TRICKS = [
  'https://public.test@127.0.0.1/a',
  'https://public.test:443@169.254.169.254/a',
  'https://127.0.0.1#@public.test/a',
  'https://127.0.0.1\\@public.test/a',
  'https://127.0.0.1?@public.test/',
  'https:127.0.0.1/a',
  'https:\\\\127.0.0.1/a',
  'https:///127.0.0.1/a',
  'HTTPS://127.0.0.1/a',
  ' https://127.0.0.1/a ',
  'ht\ttps://127.0.0.1/a',
  'https://127.0.\n0.1/a',
  'https://127.0.0.1:0443/a',
  'https://①②⑦.⓪.⓪.①/a',
  'https://1２7.0.0.1/a',
  'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/a',
  'https://loc\u00adalhost/a',
  'https://bücher.test/a',
  'https://127.1/a',
  'https://0/a',
  'https://0x0/a',
  'https://[::127.0.0.1]/a',
  'http://127.0.0.1/a',
  'http://public.test/a',
  'http://169.254.169.254/latest/meta-data/',
  'file:///etc/passwd',
  'file://127.0.0.1/etc/passwd',
  'ftp://127.0.0.1/a',
  'gopher://127.0.0.1:6379/_INFO',
  'dict://127.0.0.1:11211/stats',
  'ws://127.0.0.1/a',
  'unix:/var/run/docker.sock',
  'jar:https://127.0.0.1!/a',
  'data:audio/wav;base64,AAAA',
  'javascript:1',
  '//127.0.0.1/a',
  '/a',
  '',
];

/** Links that must not be requested: every spelling of every target. */
export const FORBIDDEN_LINKS: readonly string[] = [
  ...[...IPV4.flatMap(spellings), ...IPV6, ...BY_NAME].map((host) => `https://${host}/a`),
  ...TRICKS,
];
