const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/**
 * Murmur2 as Kafka's Java client computes it for its default partitioner, as a signed 32-bit number.
 *
 * kafkajs implements it with BigInt, which is several times slower. It runs once for each event.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  let h = SEED ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    let k = byte(data, i) | (byte(data, i + 1) << 8) | (byte(data, i + 2) << 16) | (byte(data, i + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length - i;
  if (rest === 3) h ^= byte(data, i + 2) << 16;
  if (rest >= 2) h ^= byte(data, i + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ byte(data, i), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}

/** The partition that a Java producer chooses for a key. All writers of a session must choose the same one, in any language. */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === 'string' ? bytesOf(key) : key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}

const scratch = new Uint8Array(256);
/** Views of `scratch` by length: creating one costs more than hashing a short key. */
const views = Array.from({ length: scratch.length + 1 }, (_, length) => scratch.subarray(0, length));

function bytesOf(key: string): Uint8Array {
  const view = views[key.length];
  if (view === undefined) return Buffer.from(key);
  for (let i = 0; i < key.length; i += 1) {
    const unit = key.charCodeAt(i);
    if (unit >= 0x80) return Buffer.from(key);
    view[i] = unit;
  }
  return view;
}

function byte(data: Uint8Array, index: number): number {
  return data[index] as number;
}
