/** Size of a STRING or NULLABLE_STRING in Kafka's protocol: two bytes of length, then UTF-8. */
export function stringBytes(text: string | null): number {
  return 2 + (text === null ? 0 : Buffer.byteLength(text));
}

/** Writes a STRING or NULLABLE_STRING; returns the position after it. */
export function writeString(bytes: Buffer, at: number, text: string | null): number {
  if (text === null) return bytes.writeInt16BE(-1, at);
  const start = at + 2;
  const written = bytes.write(text, start, 'utf8');
  bytes.writeInt16BE(written, at);
  return start + written;
}
