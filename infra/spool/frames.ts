import { crc32 } from 'node:zlib';

/** Size of a frame's head, in front of its payload. */
export const FRAME_HEAD_BYTES = 16;

/** Begins a frame. Its first byte never occurs in UTF-8, so no valid event contains it. */
const MARKER = Buffer.from([0xf5, 0x53, 0x50, 0x52]);

/** Limit of a plausible payload length. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** A part of a segment. `start` and `end` are offsets in the file. */
export type FrameItem =
  | { readonly kind: 'payload'; readonly payload: Buffer; readonly start: number; readonly end: number }
  /** Bytes that are not a frame, or a frame that has changed since it was written. */
  | { readonly kind: 'damage'; readonly start: number; readonly end: number };

/**
 * The head of a frame: marker, length and checksum of the payload, and a checksum of the head.
 *
 * The head's checksum covers the frame's offset and the segment's salt, which no sender knows. Bytes of a body that imitate a frame are
 * therefore never mistaken for one, even if the surrounding frame is damaged. An intact head proves where the next frame begins.
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
  /** In the order of the file. Adjacent damage may be reported as one item or as several. */
  readonly items: readonly FrameItem[];
  /** Offset to continue from: `items` covers everything before it. */
  readonly nextOffset: number;
  /** Number of bytes needed from `nextOffset` to make progress; 0 at the end. */
  readonly wantedBytes: number;
};

/**
 * Reads frames from a part of a segment. Reports damaged bytes and resumes at the next intact frame.
 *
 * @param offset position of `bytes` in the file.
 * @param isEnd whether the file ends with these bytes, so that an incomplete frame is damage.
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
      // The last bytes may be the beginning of a marker that continues in the next part.
      damaged(marker !== -1 ? marker : isEnd ? bytes.length : Math.max(at, bytes.length - MARKER.length + 1));
      if (marker === -1) break;
    }
    if (bytes.length - at < FRAME_HEAD_BYTES) break;
    const payloadBytes = payloadLength(bytes, at, offset, salt);
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

/** Length of the payload; `undefined` if the head at this position is not intact. */
function payloadLength(bytes: Buffer, at: number, offset: number, salt: number): number | undefined {
  const head = bytes.subarray(at, at + FRAME_HEAD_BYTES);
  if (headChecksum(head, offset + at, salt) !== head.readUInt32LE(12)) return undefined;
  const payloadBytes = head.readUInt32LE(4);
  return payloadBytes <= MAX_PAYLOAD_BYTES ? payloadBytes : undefined;
}

const offsetBytes = Buffer.alloc(8);

function headChecksum(head: Buffer, offset: number, salt: number): number {
  offsetBytes.writeDoubleLE(offset);
  return crc32(offsetBytes, crc32(head.subarray(0, 12), salt));
}
