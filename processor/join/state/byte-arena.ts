/** Alignment of blocks: with it an address of 32 bits reaches 32 GiB. */
const UNIT_BYTES = 8;
const CHUNK_BYTES = 256 * 1024;
const UNITS_PER_CHUNK = CHUNK_BYTES / UNIT_BYTES;
/** Size of a block's header: its owner and its length. */
const HEAD_BYTES = 8;
const NOBODY = 0xffffffff;
/** Ratio of dead to live bytes above which chunks are compacted. */
const MAX_DEAD_RATIO = 1 / 3;
/** Share of dead bytes below which copying a chunk is not worth it. */
const MIN_DEAD_SHARE = 1 / 8;

type Chunk = { readonly index: number; readonly buffer: Buffer; used: number; live: number };

/** Never the address of a block. */
export const NO_BLOCK = 0;

/**
 * Blocks of bytes outside the JavaScript heap, where a million of them cost the garbage collector nothing.
 *
 * It is a log: a new block goes to the end of the newest chunk, and a freed block leaves a hole. When holes exceed a third of the live
 * bytes, the blocks of the emptiest chunks move to the end and their chunks are reused. Memory therefore follows the live bytes for any
 * mix of sizes, and the cost of a write is a small multiple of its bytes.
 */
export class ByteArena {
  /** Chunk 0 does not exist, so that no block has the address {@link NO_BLOCK}. */
  private readonly chunks: (Chunk | undefined)[] = [undefined];
  private readonly vacant: number[] = [];
  private readonly spare: Buffer[] = [];
  private newest: Chunk;
  private live = 0;
  private used = 0;
  private isCompacting = false;

  /** @param onMoved is called when the block of this owner gets a new address. */
  constructor(private readonly onMoved: (owner: number, address: number) => void) {
    this.newest = this.open(CHUNK_BYTES);
  }

  /** Memory held, in bytes. */
  get heldBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + (chunk?.buffer.length ?? 0), this.spare.length * CHUNK_BYTES);
  }

  /** Allocates a block with undefined content. Other blocks may get a new address: see `onMoved`. */
  allocate(owner: number, bytes: number): number {
    const size = sizeOf(bytes);
    const chunk = this.chunkFor(size);
    const at = chunk.used;
    chunk.buffer.writeUInt32LE(owner, at);
    chunk.buffer.writeUInt32LE(bytes, at + 4);
    chunk.used += size;
    chunk.live += size;
    this.used += size;
    this.live += size;
    return chunk.index * UNITS_PER_CHUNK + at / UNIT_BYTES;
  }

  /** The bytes of a block: a view that is valid until the next {@link allocate}. */
  bytes(address: number, from = 0): Buffer {
    const { buffer } = this.chunkOf(address);
    const at = offsetOf(address);
    return buffer.subarray(at + HEAD_BYTES + from, at + HEAD_BYTES + buffer.readUInt32LE(at + 4));
  }

  /** Length of a block, in bytes. */
  length(address: number): number {
    return this.chunkOf(address).buffer.readUInt32LE(offsetOf(address) + 4);
  }

  /** Copies the first `length` bytes of `bytes` into a block, starting at its byte `to`. */
  write(address: number, to: number, bytes: Buffer, length = bytes.length): void {
    bytes.copy(this.chunkOf(address).buffer, offsetOf(address) + HEAD_BYTES + to, 0, length);
  }

  /** The number at the start of a block. Like {@link holds} it creates no view, because both are called for every event. */
  readUInt16(address: number): number {
    return this.chunkOf(address).buffer.readUInt16LE(offsetOf(address) + HEAD_BYTES);
  }

  writeUInt16(address: number, value: number): void {
    this.chunkOf(address).buffer.writeUInt16LE(value, offsetOf(address) + HEAD_BYTES);
  }

  /** Whether a block's bytes, starting at `from`, equal the first `length` bytes of `bytes`. */
  holds(address: number, from: number, bytes: Buffer, length: number): boolean {
    const { buffer } = this.chunkOf(address);
    const start = offsetOf(address) + HEAD_BYTES + from;
    for (let i = 0; i < length; i += 1) if (buffer[start + i] !== bytes[i]) return false;
    return true;
  }

  free(address: number): void {
    const chunk = this.chunkOf(address);
    const at = offsetOf(address);
    const size = sizeOf(chunk.buffer.readUInt32LE(at + 4));
    chunk.buffer.writeUInt32LE(NOBODY, at);
    chunk.live -= size;
    this.live -= size;
    if (chunk.live === 0 && chunk !== this.newest) this.release(chunk);
  }

  private chunkFor(size: number): Chunk {
    if (this.hasRoom(size)) return this.newest;
    if (!this.isCompacting) this.compact();
    // A block larger than a chunk gets a chunk of its own.
    if (size > CHUNK_BYTES) return this.open(size);
    if (!this.hasRoom(size)) this.newest = this.open(CHUNK_BYTES);
    return this.newest;
  }

  private hasRoom(size: number): boolean {
    return this.newest.used + size <= CHUNK_BYTES;
  }

  private compact(): void {
    this.isCompacting = true;
    while (this.used - this.live > Math.max(CHUNK_BYTES, this.live * MAX_DEAD_RATIO)) {
      const emptiest = this.emptiest();
      if (emptiest === undefined) break;
      this.evacuate(emptiest);
    }
    this.isCompacting = false;
  }

  private emptiest(): Chunk | undefined {
    let found: Chunk | undefined;
    for (const chunk of this.chunks) {
      if (chunk === undefined || chunk === this.newest || chunk.used - chunk.live < chunk.used * MIN_DEAD_SHARE)
        continue;
      if (found === undefined || chunk.live < found.live) found = chunk;
    }
    return found;
  }

  private evacuate(chunk: Chunk): void {
    const { buffer, used } = chunk;
    for (let at = 0; at < used && chunk.live > 0;) {
      const owner = buffer.readUInt32LE(at);
      const bytes = buffer.readUInt32LE(at + 4);
      if (owner !== NOBODY) {
        const address = this.allocate(owner, bytes);
        buffer.copy(this.bytes(address), 0, at + HEAD_BYTES, at + HEAD_BYTES + bytes);
        this.onMoved(owner, address);
        chunk.live -= sizeOf(bytes);
        this.live -= sizeOf(bytes);
      }
      at += sizeOf(bytes);
    }
    this.release(chunk);
  }

  private open(bytes: number): Chunk {
    const index = this.vacant.pop() ?? this.chunks.length;
    // Not from Node's pool of small buffers: a chunk is released as a whole.
    const buffer = (bytes === CHUNK_BYTES ? this.spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
    const chunk = { index, buffer, used: 0, live: 0 };
    this.chunks[index] = chunk;
    return chunk;
  }

  private release(chunk: Chunk): void {
    this.used -= chunk.used;
    this.chunks[chunk.index] = undefined;
    this.vacant.push(chunk.index);
    if (chunk.buffer.length === CHUNK_BYTES && this.spare.length < 4) this.spare.push(chunk.buffer);
  }

  private chunkOf(address: number): Chunk {
    return this.chunks[Math.floor(address / UNITS_PER_CHUNK)] as Chunk;
  }
}

function offsetOf(address: number): number {
  return (address % UNITS_PER_CHUNK) * UNIT_BYTES;
}

function sizeOf(bytes: number): number {
  return Math.ceil((HEAD_BYTES + bytes) / UNIT_BYTES) * UNIT_BYTES;
}
