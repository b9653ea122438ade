import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_HEAD_BYTES, frameHead, parseFrames, type FrameItem } from '../../../infra/spool/frames.js';
import { decodeSpooled, encodeRecord } from '../../../infra/spool/record-codec.js';

const SALT = 0x12345678;
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
/** Includes bytes that look like the beginning of a frame. */
const payload = fc.oneof(
  bytes,
  bytes.map((some) => Buffer.concat([Buffer.from([0xf5, 0x53, 0x50, 0x52]), some])),
  fc.constant(Buffer.alloc(0)),
);

function frames(payloads: readonly Buffer[], start = 0): Buffer {
  const parts: Buffer[] = [];
  let offset = start;
  for (const one of payloads) {
    parts.push(frameHead(one, offset, SALT), one);
    offset += FRAME_HEAD_BYTES + one.length;
  }
  return Buffer.concat(parts);
}

const payloadsOf = (items: readonly FrameItem[]) =>
  items.flatMap((item) => (item.kind === 'payload' ? [item.payload.toString('hex')] : []));
const hex = (payloads: readonly Buffer[]) => payloads.map((one) => one.toString('hex'));

describe('a record', () => {
  it('survives encoding and decoding', () => {
    const record = fc.record({
      stream: fc.constantFrom('events' as const, 'dead-letter' as const),
      key: fc.option(fc.string({ unit: 'binary', maxLength: 300 })),
      body: bytes,
      headers: fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' })),
    });
    fc.assert(
      fc.property(record, fc.nat(), (one, spooledAt) => {
        const decoded = decodeSpooled(encodeRecord({ record: one, spooledAt }));
        expect(decoded?.spooledAt).toBe(spooledAt);
        expect(decoded?.record.body.equals(one.body)).toBe(true);
        expect({ ...decoded?.record, body: 0 }).toEqual({ ...one, headers: { ...one.headers }, body: 0 });
      }),
    );
  });

  it('is not decoded from other bytes', () => {
    expect(decodeSpooled(Buffer.alloc(5))).toBeUndefined();
    expect(decodeSpooled(Buffer.alloc(13, 0xff))).toBeUndefined();
    expect(decodeSpooled(Buffer.alloc(13))).toBeUndefined();
  });
});

describe('frames', () => {
  it('are found in parts of any size', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 8 }), fc.integer({ min: 1, max: 64 }), (payloads, stretch) => {
        const file = frames(payloads);
        const found: string[] = [];
        let offset = 0;
        let wanted = stretch;
        while (offset < file.length) {
          const end = Math.min(file.length, offset + wanted);
          const parsed = parseFrames(file.subarray(offset, end), offset, SALT, end === file.length);
          expect(parsed.items.every(({ kind }) => kind === 'payload')).toBe(true);
          found.push(...payloadsOf(parsed.items));
          wanted = parsed.nextOffset === offset ? Math.max(parsed.wantedBytes, wanted + 1) : stretch;
          offset = parsed.nextOffset;
        }
        expect(found).toEqual(hex(payloads));
      }),
    );
  });

  it('are found behind any damage, and no others', () => {
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        (payloads, place, junk) => {
          const file = frames(payloads);
          const at = place % file.length;
          const damaged = Buffer.from(file);
          damaged.set(junk.subarray(0, file.length - at), at);
          const until = at + junk.length;
          const { items } = parseFrames(damaged, 0, SALT, true);
          let offset = 0;
          const untouched = payloads.filter((one) => {
            const start = offset;
            offset += FRAME_HEAD_BYTES + one.length;
            return offset <= at || start >= until;
          });
          const found = payloadsOf(items);
          if (damaged.equals(file)) expect(found).toEqual(hex(payloads));
          else {
            expect(hex(untouched).every((one) => found.includes(one))).toBe(true);
            expect(found.every((one) => hex(payloads).includes(one))).toBe(true);
          }
        },
      ),
    );
  });

  it('inside a body are not mistaken for frames, even if the surrounding frame is damaged', () => {
    const inner = Buffer.from('forged');
    const forged = Buffer.concat([frameHead(inner, FRAME_HEAD_BYTES, SALT ^ 1), inner]);
    const file = frames([forged, Buffer.from('behind')]);
    file.writeUInt8(file.readUInt8(5) ^ 1, 5);
    expect(payloadsOf(parseFrames(file, 0, SALT, true).items)).toEqual(hex([Buffer.from('behind')]));
  });
});
