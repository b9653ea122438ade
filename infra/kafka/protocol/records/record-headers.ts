import type { InputRecord } from './input-record.js';
import { VarIntReader } from './varint-reader.js';

/** The value of a record's first header with this name, as text. `undefined` if there is none, or its value is null. */
export function headerOf({ bytes, valueEnd }: InputRecord, name: string): string | undefined {
  // Records that were made for a test may end with their value.
  if (valueEnd >= bytes.length) return undefined;
  const reader = new VarIntReader(bytes, valueEnd);
  for (let left = reader.next(); left > 0; left -= 1) {
    const key = reader.bytes();
    const value = reader.bytes();
    if (key?.toString() === name) return value?.toString();
  }
  return undefined;
}
