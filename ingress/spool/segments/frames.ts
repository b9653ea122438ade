import { crc32 } from 'node:zlib';

/** Bytes that a frame adds to its payload. */
export const FRAME_HEAD_BYTES = 16;

/** Starts with a byte that UTF-8 never has, so it stands in no valid event. */
const MARKER = Buffer.from([0xf5, 0x53, 0x50, 0x52]);

/** A payload that a length can name and memory can hold. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** What stands in a stretch of a segment. Places are offsets in the file. */
export type FrameItem =
  | { readonly kind: 'payload'; readonly payload: Buffer; readonly start: number; readonly end: number }
  /** Bytes that are no frame, or one that has changed since it was written. */
  | { readonly kind: 'damage'; readonly start: number; readonly end: number };

/**
 * The head of a frame: marker, length and checksum of the payload, and a checksum of the head.
 *
 * The latter covers the frame's own place and the segment's salt, which no sender knows. So a body that holds bytes like a frame is
 * never taken for one, also where the frame around it is damaged; and a sound head tells for sure where the next frame begins.
 */
export function frameHead(payload: Buffer, offset: number, salt: number): Buffer {
  const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES);
  MARKER.copy(head);
  head.writeUInt32LE(payload.length, 4);
  head.writeUInt32LE(crc32(payload), 8);
  head.writeUInt32LE(headChecksum(head, offset, salt), 12);
  return head;
}

export type ParsedFrames = {
  /** In the order of the file. Neighbouring damages may be one. */
  readonly items: readonly FrameItem[];
  /** Where to go on: all before it is in `items`. */
  readonly nextOffset: number;
  /** Bytes from `nextOffset` on without which nothing more can be told; 0 at the end. */
  readonly wantedBytes: number;
};

/**
 * Reads frames from a stretch of a segment; what is no sound frame is reported, and the next sound one behind it found.
 *
 * @param offset where in the file `bytes` begins.
 * @param isEnd the file ends with these bytes: a frame that is not complete will never be.
 */
export function parseFrames(bytes: Buffer, offset: number, salt: number, isEnd: boolean): ParsedFrames {
  const items: FrameItem[] = [];
  let at = 0;
  const damaged = (until: number) => {
    if (until > at) items.push({ kind: 'damage', start: offset + at, end: offset + until });
    at = until;
  };
  while (at < bytes.length) {
    const marker = bytes.indexOf(MARKER, at);
    if (marker !== at) {
      // The marker may begin in the last bytes and go on in the next stretch.
      damaged(marker !== -1 ? marker : isEnd ? bytes.length : Math.max(at, bytes.length - MARKER.length + 1));
      if (marker === -1) break;
    }
    if (bytes.length - at < FRAME_HEAD_BYTES) break;
    const payloadBytes = soundHead(bytes, at, offset, salt);
    if (payloadBytes === undefined) {
      damaged(at + 1);
      continue;
    }
    const end = at + FRAME_HEAD_BYTES + payloadBytes;
    if (end > bytes.length) {
      if (isEnd) break;
      return { items, nextOffset: offset + at, wantedBytes: end - at };
    }
    const payload = bytes.subarray(at + FRAME_HEAD_BYTES, end);
    if (crc32(payload) !== bytes.readUInt32LE(at + 8)) damaged(end);
    else items.push({ kind: 'payload', payload, start: offset + at, end: offset + end });
    at = end;
  }
  if (isEnd) damaged(bytes.length);
  return { items, nextOffset: offset + at, wantedBytes: isEnd ? 0 : FRAME_HEAD_BYTES };
}

/** The length of the payload, if the head at this place is as it was written. */
function soundHead(bytes: Buffer, at: number, offset: number, salt: number): number | undefined {
  const head = bytes.subarray(at, at + FRAME_HEAD_BYTES);
  if (headChecksum(head, offset + at, salt) !== head.readUInt32LE(12)) return undefined;
  const payloadBytes = head.readUInt32LE(4);
  return payloadBytes <= MAX_PAYLOAD_BYTES ? payloadBytes : undefined;
}

const place = Buffer.alloc(8);

function headChecksum(head: Buffer, offset: number, salt: number): number {
  place.writeDoubleLE(offset);
  return crc32(place, crc32(head.subarray(0, 12), salt));
}
