/** A JSON value. Objects are maps, so that no name has a special meaning. */
export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/** The text is not JSON. */
export class NotJson extends Error {}

const LITERALS = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Parses JSON by the grammar of RFC 8259, without recursion. The last of equal names wins. @throws NotJson */
export function parseJson(text: string): Json {
  const open: (Json[] | Map<string, Json>)[] = [];
  const names: string[] = [];
  let at = 0;
  const fail = (): never => {
    throw new NotJson(`at ${at}`);
  };
  const skipBlanks = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += 1;
  };
  const expectChar = (char: string): void => {
    skipBlanks();
    if (text.charAt(at) !== char) fail();
    at += 1;
  };
  const readString = (): string => {
    expectChar('"');
    let value = '';
    for (;;) {
      const char = text.charAt(at);
      if (char === '' || char < ' ') fail();
      at += 1;
      if (char === '"') return value;
      if (char !== '\\') {
        value += char;
        continue;
      }
      const escape = text.charAt(at);
      at += 1;
      if (escape === 'u') {
        const digits = text.slice(at, at + 4);
        if (digits.length < 4 || Array.from(digits).some((digit) => !'0123456789abcdefABCDEF'.includes(digit))) fail();
        value += String.fromCharCode(parseInt(digits, 16));
        at += 4;
      } else value += ESCAPES.get(escape) ?? fail();
    }
  };
  const readScalar = (): Json => {
    if (text.charAt(at) === '"') return readString();
    const start = at;
    while (at < text.length && !' \t\n\r,]}'.includes(text.charAt(at))) at += 1;
    const word = text.slice(start, at);
    const literal = LITERALS.get(word);
    if (literal !== undefined) return literal;
    return isNumber(word) ? Number(word) : fail();
  };
  const readName = (): void => {
    names.push(readString());
    expectChar(':');
  };

  for (;;) {
    skipBlanks();
    let value: Json;
    const char = text.charAt(at);
    if (char === '[' || char === '{') {
      at += 1;
      skipBlanks();
      const container: Json[] | Map<string, Json> = char === '[' ? [] : new Map<string, Json>();
      const isEmpty = text.charAt(at) === (char === '[' ? ']' : '}');
      if (!isEmpty) {
        open.push(container);
        if (char === '{') readName();
        continue;
      }
      at += 1;
      value = container;
    } else value = readScalar();

    // The value is complete. Add it to the open container, which may be complete then, too.
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) {
        skipBlanks();
        return at === text.length ? value : fail();
      }
      if (Array.isArray(container)) container.push(value);
      else container.set(names.pop() ?? '', value);
      skipBlanks();
      const next = text.charAt(at);
      at += 1;
      if (next === ',') {
        if (!Array.isArray(container)) readName();
        break;
      }
      if (next !== (Array.isArray(container) ? ']' : '}')) fail();
      open.pop();
      value = container;
    }
  }
}

/** Optional `-`, integer part without a leading zero, optional fraction, optional exponent. */
function isNumber(word: string): boolean {
  const [mantissa = '', exponent, ...more] = word.split(/[eE]/);
  const [whole = '', fraction, ...points] = mantissa.split('.');
  const unsigned = whole.startsWith('-') ? whole.slice(1) : whole;
  return (
    more.length === 0 &&
    points.length === 0 &&
    isDigits(unsigned) &&
    (unsigned === '0' || !unsigned.startsWith('0')) &&
    (fraction === undefined || isDigits(fraction)) &&
    (exponent === undefined || isDigits(/^[+-]/.test(exponent) ? exponent.slice(1) : exponent))
  );
}

function isDigits(text: string): boolean {
  return text !== '' && Array.from(text).every((char) => char >= '0' && char <= '9');
}
