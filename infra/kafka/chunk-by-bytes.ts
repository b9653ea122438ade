type Sized = { readonly key: string | null; readonly value: Buffer | null };

/** Record framing and headers, roughly; only there to keep many tiny records from being counted as nothing. */
const OVERHEAD_BYTES = 200;

/**
 * Splits records, in order, so that no chunk is larger than `maxBytes`; a single record larger than that is a chunk of its own.
 * kafkajs sends what it is given as one batch a partition, and a batch over the topic's limit fails for ever.
 */
export function chunkByBytes<R extends Sized>(records: readonly R[], maxBytes: number): R[][] {
  const chunks: R[][] = [];
  let chunk: R[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
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
