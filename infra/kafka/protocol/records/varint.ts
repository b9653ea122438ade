/**
 * Length of a null key or value: -1 as a zigzag varint, the only negative one that is written. All lengths and deltas of Kafka's record
 * format are zigzag varints of up to 32 bits.
 * Source: "Message Format" in the Apache Kafka documentation; Protocol Buffers' varints.
 */
export const NULL_LENGTH = 1;

/** Size of a value from 0 to 2^30, in bytes. */
export function sizeOfVarInt(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x2000) return 2;
  if (value < 0x10_0000) return 3;
  return value < 0x800_0000 ? 4 : 5;
}

/** Writes a value from 0 to 2^30; returns the position after it. */
export function writeVarInt(bytes: Uint8Array, at: number, value: number): number {
  let rest = value * 2;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
