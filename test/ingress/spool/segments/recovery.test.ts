import { beforeEach, describe, expect, it } from 'vitest';
import { NewerSpoolError, segmentHeader } from '../../../../infra/spool/segment-files.js';
import type { IncomingRecord } from '../../../../ingress/record.js';
import { crc32 } from 'node:zlib';
import { MemoryFs } from '../memory-fs.js';
import { drainAll, event, keysOf, openSpool, recordingLogger } from '../spool-harness.js';

/** Offsets of the end of the header and of each record. */
let ends: number[];
let file: Buffer;
let path: string;
const records: IncomingRecord[] = ['a', 'b', 'c', 'd'].map((key) => event(key, `{"key":"${key}"}`));

beforeEach(async () => {
  const fs = new MemoryFs();
  const spool = await openSpool(fs);
  ends = [20];
  for (const record of records) {
    await spool.append(record);
    ends.push(fs.bytesOf(fs.paths()[0] ?? '').length);
  }
  await spool.close();
  path = fs.paths()[0] ?? '';
  file = fs.bytesOf(path);
});

async function recover(bytes: Buffer) {
  const fs = new MemoryFs();
  fs.put(path, bytes);
  const { logger, lines } = recordingLogger();
  const spool = await openSpool(fs, { logger });
  const counted = spool.records;
  const found = await drainAll(spool);
  expect(spool.isEmpty).toBe(true);
  await spool.close();
  expect(counted).toBe(found.length);
  expect(fs.paths()).toEqual([]);
  const damages = lines.filter(({ level }) => level === 50);
  // The file is kept if and only if it was damaged, with every byte unchanged.
  const kept = fs.paths(/\.damaged-/);
  expect(kept).toHaveLength(damages.length > 0 ? 1 : 0);
  if (kept[0] !== undefined) expect(fs.bytesOf(kept[0]).equals(bytes)).toBe(true);
  return { found, damages };
}

describe('a segment found at the start', () => {
  it('truncated at any byte keeps all earlier records and reports the torn one', async () => {
    for (let length = 1; length <= file.length; length += 1) {
      const { found, damages } = await recover(Buffer.from(file.subarray(0, length)));
      const whole = ends.filter((end) => end <= length).length - 1;
      expect(keysOf(found), `cut at ${length}`).toEqual(keysOf(records.slice(0, Math.max(0, whole))));
      expect(damages, `cut at ${length}`).toHaveLength(ends.includes(length) ? 0 : 1);
    }
  });

  it('with any bit flipped reports the damage and keeps all other records', async () => {
    for (let at = 0; at < file.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(file);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        const { found, damages } = await recover(flipped);
        const hit = ends.filter((end) => end <= at).length - 1;
        expect(keysOf(found), `bit ${bit} of ${at}`).toEqual(keysOf(records.filter((_, n) => n !== hit)));
        expect(found.every((one) => records.some(({ body }) => body.equals(one.body)))).toBe(true);
        expect(damages, `bit ${bit} of ${at}`).toHaveLength(1);
      }
    }
  });

  it('reports the position of the damage', async () => {
    const flipped = Buffer.from(file);
    flipped.writeUInt8(0, (ends[1] ?? 0) + 3);
    const { damages } = await recover(flipped);
    expect(damages[0]).toMatchObject({ file: path, offset: ends[1], bytes: (ends[2] ?? 0) - (ends[1] ?? 0) });
  });

  it('that is empty is ignored', async () => {
    const { found, damages } = await recover(Buffer.alloc(0));
    expect([found, damages]).toEqual([[], []]);
  });

  it('of a newer version prevents the start', async () => {
    const newer = segmentHeader(7);
    newer.writeUInt32LE(2, 8);
    newer.writeUInt32LE(crc32(newer.subarray(0, 16)), 16);
    const fs = new MemoryFs();
    fs.put(path, Buffer.concat([newer, Buffer.from('an unknown format')]));
    await expect(openSpool(fs)).rejects.toThrow(NewerSpoolError);
    expect(fs.paths()).toEqual([path]);
  });
});
