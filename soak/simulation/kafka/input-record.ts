import { InputRecord } from '../../../infra/kafka/protocol/records/input-record.js';
import { NULL_LENGTH, sizeOfVarInt, writeVarInt } from '../../../infra/kafka/protocol/records/varint.js';

/** Creates an input record for tests, as if it had been fetched. */
export function inputRecord(offset: number, timestamp: number, key: string | null, value: Buffer | null): InputRecord {
  const parts = [key === null ? null : Buffer.from(key), value].flatMap((part) =>
    part === null ? [Buffer.of(NULL_LENGTH)] : [lengthOf(part), part],
  );
  return new InputRecord(offset, timestamp, Buffer.concat(parts), 0);
}

function lengthOf({ length }: Buffer): Buffer {
  const bytes = Buffer.alloc(sizeOfVarInt(length));
  writeVarInt(bytes, 0, length);
  return bytes;
}
