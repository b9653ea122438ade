type Sized = {
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
};

/** Lengths and deltas of a record, and of a header, at most. */
const FRAMING_BYTES = 30;
const HEADER_FRAMING_BYTES = 10;
/** UTF-8 bytes of a UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;

/**
 * Splits records, in order, so that no batch of a chunk's records is larger than `maxBytes`; a single record larger than that is a chunk of
 * its own. A batch over the topic's limit fails for ever.
 */
export function chunkByBytes<R extends Sized>(records: readonly R[], maxBytes: number): R[][] {
  const chunks: R[][] = [];
  let chunk: R[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeBound(record);
    if (chunk.length > 0 && bytes + size > maxBytes) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

function sizeBound({ key, value, headers }: Sized): number {
  let bytes = FRAMING_BYTES + BYTES_PER_UNIT * (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const header = headers[name] ?? '';
    const perUnit = typeof header === 'string' ? BYTES_PER_UNIT : 1;
    bytes += HEADER_FRAMING_BYTES + BYTES_PER_UNIT * name.length + perUnit * header.length;
  }
  return bytes;
}
