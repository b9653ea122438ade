/**
 * Confluent wire format: a zero byte, the schema id as a big-endian uint32, then the JSON text.
 * Source: "Wire format" in Confluent's Schema Registry documentation.
 */
const MAGIC_BYTE = 0;
export const HEADER_BYTES = 5;

/** The five bytes before every value of a schema. Equal for all records of the schema: create it once. */
export function wireHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(MAGIC_BYTE, 0);
  header.writeUInt32BE(schemaId, 1);
  return header;
}

/** Encodes a value: the header of {@link wireHeader}, followed by the JSON text. */
export function encodeWire(header: Buffer, json: string): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(json));
  header.copy(value, 0);
  value.write(json, HEADER_BYTES);
  return value;
}

export type WireValue = { readonly schemaId: number; readonly json: Buffer };

/** Splits a value; `undefined` if it is not in the wire format. The JSON is a view of `value`, not a copy. */
export function decodeWire(value: Buffer): WireValue | undefined {
  const schemaId = schemaIdOfWire(value);
  return schemaId === undefined ? undefined : { schemaId, json: value.subarray(HEADER_BYTES) };
}

/** Reads only the schema id of the value in `bytes` from `start` to `end`; `undefined` if it is not in the wire format. */
export function schemaIdOfWire(bytes: Buffer, start = 0, end = bytes.length): number | undefined {
  return end - start <= HEADER_BYTES || bytes[start] !== MAGIC_BYTE ? undefined : bytes.readUInt32BE(start + 1);
}
