/** The first byte of a packed key. No session id begins with a control character, so no other key does either. */
const PACKED = 0;
const PACKED_BYTES = 17;
const UUID_CHARACTERS = 36;
const DASH = 0x2d;
/** Value of each lower-case hexadecimal digit by its character code; -1 for all other characters. */
const DIGITS = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value += 1) DIGITS[value.toString(16).charCodeAt(0)] = value;

/** Upper bound of the bytes that {@link writeSessionKey} writes. */
export function sessionKeyBound(sessionId: string): number {
  return PACKED_BYTES + 3 * sessionId.length;
}

/**
 * Writes a session id as its key in memory: a UUID in its usual form, such as the sender's ids, as 16 bytes, any other id as UTF-8.
 * @returns the number of bytes written, from the start of `target`.
 */
export function writeSessionKey(target: Buffer, sessionId: string): number {
  return packUuid(target, sessionId) ? PACKED_BYTES : target.write(sessionId);
}

/** The session id of the key at the start of `source`. */
export function readSessionKey(source: Buffer, keyBytes: number): string {
  if (keyBytes !== PACKED_BYTES || source[0] !== PACKED) return source.toString('utf8', 0, keyBytes);
  const hex = source.toString('hex', 1, PACKED_BYTES);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function packUuid(target: Buffer, text: string): boolean {
  if (text.length !== UUID_CHARACTERS) return false;
  target[0] = PACKED;
  let at = 0;
  for (let i = 1; i < PACKED_BYTES; i += 1) {
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (text.charCodeAt(at) !== DASH) return false;
      at += 1;
    }
    const byte = (digitAt(text, at) << 4) | digitAt(text, at + 1);
    // A digit of -1 makes the byte negative.
    if (byte < 0) return false;
    target[i] = byte;
    at += 2;
  }
  return true;
}

function digitAt(text: string, at: number): number {
  return DIGITS[text.charCodeAt(at)] ?? -1;
}
