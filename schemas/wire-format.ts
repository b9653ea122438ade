/**
 * Confluent wire format: a zero byte, the schema id as a big-endian uint32, then the JSON text.
 * Source: "Wire format" in Confluent's Schema Registry documentation.
 */
const MAGIC_BYTE = 0;
export const HEADER_BYTES = 5;

/** The five bytes that stand before every value of a schema; the same for each record, so made once. */
export function wireHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(MAGIC_BYTE, 0);
  header.writeUInt32BE(schemaId, 1);
  return header;
}

/** A value of the topic: a header made by {@link wireHeader}, and the JSON text behind it. */
export function encodeWire(header: Buffer, json: string): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(json));
  header.copy(value, 0);
  value.write(json, HEADER_BYTES);
  return value;
}

export type WireValue = { readonly schemaId: number; readonly json: Buffer };

/** Splits a value; `undefined` when it is not in the wire format. The JSON is a view of `value`, not a copy. */
export function decodeWire(value: Buffer): WireValue | undefined {
  const schemaId = schemaIdOfWire(value);
  return schemaId === undefined ? undefined : { schemaId, json: value.subarray(HEADER_BYTES) };
}

/** The schema id alone, of a value that is all of `bytes` or a part of it; `undefined` when that is not in the wire format. */
export function schemaIdOfWire(bytes: Buffer, start = 0, end = bytes.length): number | undefined {
  return end - start <= HEADER_BYTES || bytes[start] !== MAGIC_BYTE ? undefined : bytes.readUInt32BE(start + 1);
}
