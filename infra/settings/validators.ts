import { makeValidator } from 'envalid';

/** A whole number from `min` to `max`, inclusive. */
export function integer(bounds: { readonly min: number; readonly max?: number }) {
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER;
  return makeValidator<number>((input: string) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < bounds.min || value > max) {
      throw new TypeError(`must be a whole number from ${bounds.min} to ${max}`);
    }
    return value;
  });
}

export const port = integer({ min: 1, max: 65_535 });

/** `host:port[,host:port…]`; IPv6 hosts in brackets. */
export const brokerList = makeValidator<readonly string[]>((input: string) => {
  const brokers = splitList(input);
  const bad = brokers.filter((broker) => !isHostPort(broker));
  if (brokers.length === 0 || bad.length > 0) throw new TypeError('must be a comma-separated list of host:port');
  return brokers;
});

/** A comma-separated list. Ignores spaces around items and empty items. */
export const list = makeValidator<readonly string[]>(splitList);

/** An http(s) URL without credentials. Trailing slashes are removed. */
export const httpUrl = makeValidator<string>((input: string) => {
  const url = URL.canParse(input) ? new URL(input) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new TypeError('must be an http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('must not contain credentials: use the settings for user name and password');
  }
  return input.replace(/\/+$/, '');
});

export const topicPrefix = makeValidator<string>((input: string) => {
  if (!/^[A-Za-z0-9._-]{0,200}$/.test(input)) throw new TypeError('may contain only letters, digits, ".", "_" and "-"');
  return input;
});

export function splitList(input: string): string[] {
  return input
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isHostPort(value: string): boolean {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(value);
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
}
