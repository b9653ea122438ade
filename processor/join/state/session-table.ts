import { ByteArena, NO_BLOCK } from './byte-arena.js';
import { readSessionKey, sessionKeyBound, writeSessionKey } from './session-key.js';

const NO_SLOT = -1;
/** Initial size of the key buffer: more than the longest session id in UTF-8 (256 characters of up to four bytes). It grows. */
const SCRATCH_BYTES = 4_096;
const INITIAL_CAPACITY = 1_024;
/** Largest occupied share of the index. Linear probing stays short below it. */
const MAX_LOAD = 0.7;
/** Numbers per index entry. */
const ENTRY = 2;
/** Size of the key's length, which comes before the key in a session's block. */
const KEY_LENGTH_BYTES = 2;

/**
 * Encoded states by session id, in typed arrays and a {@link ByteArena}: a hash table with open addressing, whose entries point to
 * slots. A slot is a small integer that identifies the session while it is in the table, and is reused afterwards.
 *
 * Entries are not objects: the garbage collector does not see a million of them, and they take no space on the JavaScript heap.
 */
export class SessionTable {
  private readonly arena = new ByteArena((slot, address) => (this.addresses[slot] = address));
  /** For each place: slot + 1 (0: empty), then the key's hash, so that a search in a large table reads one cache line. */
  private index = new Int32Array(ENTRY * INITIAL_CAPACITY);
  private addresses = new Uint32Array(INITIAL_CAPACITY);
  private readonly freeSlots: number[] = [];
  private slots = 0;
  private scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  get size(): number {
    return this.slots - this.freeSlots.length;
  }

  /** Memory of keys and states, in bytes. */
  get heldBytes(): number {
    return this.arena.heldBytes + this.index.byteLength + this.addresses.byteLength;
  }

  /** The session's slot, `undefined` when it is not in the table. */
  find(sessionId: string): number | undefined {
    const length = this.scratchKey(sessionId);
    return this.lookUp(length, this.hashScratch(length));
  }

  /** The session's slot. Inserts one with an empty state when there is none. */
  findOrInsert(sessionId: string): number {
    const length = this.scratchKey(sessionId);
    const hash = this.hashScratch(length);
    const found = this.lookUp(length, hash);
    if (found !== undefined) return found;
    const slot = this.freeSlots.pop() ?? this.newSlot();
    this.writeBlock(slot, length, undefined);
    if (this.size > (this.index.length / ENTRY) * MAX_LOAD) this.growIndex();
    occupy(this.index, slot, hash);
    return slot;
  }

  sessionId(slot: number): string {
    const address = this.addresses[slot] as number;
    return readSessionKey(this.arena.bytes(address, KEY_LENGTH_BYTES), this.arena.readUInt16(address));
  }

  /** The encoded state, empty before the first {@link setState}: a view that is valid until the table changes. */
  state(slot: number): Buffer {
    const address = this.addresses[slot] as number;
    return this.arena.bytes(address, KEY_LENGTH_BYTES + this.arena.readUInt16(address));
  }

  /** Stores a copy of `state`. */
  setState(slot: number, state: Buffer): void {
    const { arena } = this;
    const address = this.addresses[slot] as number;
    const keyBytes = arena.readUInt16(address);
    if (arena.length(address) === KEY_LENGTH_BYTES + keyBytes + state.length) {
      arena.write(address, KEY_LENGTH_BYTES + keyBytes, state);
      return;
    }
    this.writeBlock(slot, this.scratchKeyOf(slot), state);
  }

  remove(slot: number): void {
    this.vacate(slot);
    this.arena.free(this.addresses[slot] as number);
    this.addresses[slot] = NO_BLOCK;
    this.freeSlots.push(slot);
  }

  /** Writes a new block for the slot: the key in the scratch buffer, then the state. */
  private writeBlock(slot: number, keyBytes: number, state: Buffer | undefined): void {
    const before = this.addresses[slot] as number;
    if (before !== NO_BLOCK) this.arena.free(before);
    this.addresses[slot] = NO_BLOCK;
    const address = this.arena.allocate(slot, KEY_LENGTH_BYTES + keyBytes + (state?.length ?? 0));
    this.addresses[slot] = address;
    this.arena.writeUInt16(address, keyBytes);
    this.arena.write(address, KEY_LENGTH_BYTES, this.scratch, keyBytes);
    if (state !== undefined) this.arena.write(address, KEY_LENGTH_BYTES + keyBytes, state);
  }

  private scratchKey(sessionId: string): number {
    const bound = sessionKeyBound(sessionId);
    if (bound > this.scratch.length) this.scratch = Buffer.allocUnsafe(bound);
    return writeSessionKey(this.scratch, sessionId);
  }

  /** FNV-1a, mixed so that the low bits depend on all bits. Kafka's own hash would not spread: it put all ids here into one partition. */
  private hashScratch(length: number): number {
    const { scratch } = this;
    let hash = 0x811c9dc5;
    for (let i = 0; i < length; i += 1) hash = Math.imul(hash ^ (scratch[i] as number), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  private lookUp(keyBytes: number, hash: number): number | undefined {
    const { index } = this;
    const mask = index.length / ENTRY - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = (index[ENTRY * place] as number) - 1;
      if (slot === NO_SLOT) return undefined;
      if (index[ENTRY * place + 1] === hash && this.hasKey(slot, keyBytes)) return slot;
    }
  }

  private hasKey(slot: number, keyBytes: number): boolean {
    const address = this.addresses[slot] as number;
    return (
      this.arena.readUInt16(address) === keyBytes && this.arena.holds(address, KEY_LENGTH_BYTES, this.scratch, keyBytes)
    );
  }

  /** Empties the slot's place and closes the gap, so that no search ends before its key. */
  private vacate(slot: number): void {
    const { index } = this;
    const mask = index.length / ENTRY - 1;
    let gap = this.hashScratch(this.scratchKeyOf(slot)) & mask;
    while (index[ENTRY * gap] !== slot + 1) gap = (gap + 1) & mask;
    for (let place = (gap + 1) & mask; index[ENTRY * place] !== 0; place = (place + 1) & mask) {
      const home = (index[ENTRY * place + 1] as number) & mask;
      // An entry whose home lies between the gap and its place stays: it may not move before its home.
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      index.copyWithin(ENTRY * gap, ENTRY * place, ENTRY * (place + 1));
      gap = place;
    }
    index[ENTRY * gap] = 0;
  }

  /** Copies the slot's key into the scratch buffer and returns its length in bytes. */
  private scratchKeyOf(slot: number): number {
    const address = this.addresses[slot] as number;
    const keyBytes = this.arena.readUInt16(address);
    this.arena.bytes(address, KEY_LENGTH_BYTES).copy(this.scratch, 0, 0, keyBytes);
    return keyBytes;
  }

  private newSlot(): number {
    if (this.slots === this.addresses.length) {
      const { addresses } = this;
      this.addresses = new Uint32Array(Math.ceil(addresses.length * 1.5));
      this.addresses.set(addresses);
    }
    return this.slots++;
  }

  private growIndex(): void {
    const larger = new Int32Array(this.index.length * 2);
    const { index } = this;
    for (let at = 0; at < index.length; at += ENTRY) {
      if (index[at] !== 0) occupy(larger, (index[at] as number) - 1, index[at + 1] as number);
    }
    this.index = larger;
  }
}

function occupy(index: Int32Array, slot: number, hash: number): void {
  const mask = index.length / ENTRY - 1;
  let place = hash & mask;
  while (index[ENTRY * place] !== 0) place = (place + 1) & mask;
  index[ENTRY * place] = slot + 1;
  index[ENTRY * place + 1] = hash;
}
