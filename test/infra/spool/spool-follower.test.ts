import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { frameHead } from '../../../infra/spool/frames.js';
import { encodeRecord } from '../../../infra/spool/record-codec.js';
import { segmentFileName, segmentHeader } from '../../../infra/spool/segment-files.js';
import { SpoolFollower } from '../../../infra/spool/spool-follower.js';
import { nodeFs } from '../../../ingress/spool/file-system.js';
import { event, openSpool } from '../../ingress/spool/spool-harness.js';
import { tempDir } from '../../support/temp-dir.js';

const SALT = 0x1234;

function follow(root: string) {
  const keys: (string | null)[] = [];
  const gone: string[] = [];
  const faults: string[] = [];
  const follower = new SpoolFollower(root, {
    onRecords: (_, records) => keys.push(...records.map(({ record }) => record.key)),
    onGone: (segment) => gone.push(segment),
    onFault: (_, error) => faults.push(String(error)),
  });
  return { keys, gone, faults, look: () => follower.look(() => true) };
}

/** A segment written by hand: `append` returns the bytes of a frame at the present end. */
function segment(root: string, id = 1) {
  const dir = join(root, 'worker-1', 'events');
  mkdirSync(dir, { recursive: true });
  const path = join(dir, segmentFileName({ id, salt: SALT }));
  writeFileSync(path, segmentHeader(SALT));
  const frame = (key: string, body?: Buffer): Buffer => {
    const payload = encodeRecord({ record: event(key, body), spooledAt: 1 });
    return Buffer.concat([frameHead(payload, readFileSync(path).length, SALT), payload]);
  };
  return { path, frame, append: (key: string) => appendFileSync(path, frame(key)) };
}

describe('SpoolFollower', () => {
  it('reads the spools of single partitions too, and those of dead letters not', async () => {
    const root = tempDir();
    const { keys, look } = follow(root);
    for (const name of ['events.3-of-6', 'dead-letter.3-of-6']) {
      const spool = await openSpool(nodeFs, { dir: join(root, 'worker-1', name) });
      await spool.append(event(name));
    }
    await look();
    expect(keys).toEqual(['events.3-of-6']);
  });

  it('reads what the spool of an ingress appends, each record once, across segments', async () => {
    const root = tempDir();
    const dir = join(root, 'worker-1', 'events');
    const spool = await openSpool(nodeFs, { dir, segmentBytes: 300 });
    const { keys, look, gone } = follow(root);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await spool.append(event(key));
      await look();
    }
    expect(keys).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(readdirSync(dir).length).toBeGreaterThan(1);
    for (let slice = await spool.read(); slice !== undefined; slice = await spool.read()) spool.drained(slice);
    await spool.close();
    await look();
    expect(gone).toEqual([]);
    await look();
    expect(gone.length).toBeGreaterThan(1);
  });

  it('waits for the rest of a frame that is not completely written', async () => {
    const root = tempDir();
    const { path, frame, append } = segment(root);
    const { keys, look } = follow(root);
    append('a');
    const b = frame('b', Buffer.alloc(2_000_000));
    for (const part of [b.subarray(0, 7), b.subarray(7, 1_000_000), b.subarray(1_000_000)]) {
      appendFileSync(path, part);
      await look();
    }
    expect(keys).toEqual(['a', 'b']);
  });

  it('finds records that were written over a failed write', async () => {
    const root = tempDir();
    const { path, frame, append } = segment(root);
    const { keys, look } = follow(root);
    append('a');
    const end = readFileSync(path).length;
    appendFileSync(path, frame('failed'));
    appendFileSync(path, Buffer.alloc(100));
    await look();
    truncateSync(path, end);
    append('b');
    await look();
    append('c');
    append('d');
    await look();
    expect(new Set(keys)).toEqual(new Set(['a', 'failed', 'b', 'c', 'd']));
  });

  it('reads on behind damaged bytes', async () => {
    const root = tempDir();
    const { path, append } = segment(root);
    append('a');
    const end = readFileSync(path).length;
    append('b');
    append('c');
    const bytes = readFileSync(path);
    bytes[end + 20] = 0xff;
    writeFileSync(path, bytes);
    const { keys, look, faults } = follow(root);
    await look();
    await look();
    expect([keys, faults]).toEqual([['a', 'c'], []]);
  });

  it('takes a segment that another worker adopts for the same one', async () => {
    const root = tempDir();
    const { path, append } = segment(root);
    append('a');
    const { keys, look, gone } = follow(root);
    await look();
    const other = join(root, 'worker-2', 'events');
    mkdirSync(other, { recursive: true });
    renameSync(path, join(other, segmentFileName({ id: 1, salt: SALT })));
    await look();
    await look();
    expect([keys, gone]).toEqual([['a'], []]);
    rmSync(other, { recursive: true });
    await look();
    await look();
    expect(gone).toHaveLength(1);
  });

  it('reports a segment of a newer program and reads the others', async () => {
    const root = tempDir();
    const newer = segment(root, 1);
    const header = segmentHeader(SALT);
    header.writeUInt32LE(9, 8);
    header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
    writeFileSync(newer.path, header);
    segment(root, 2).append('a');
    const { keys, look, faults } = follow(root);
    await look();
    expect([keys, faults.length]).toEqual([['a'], 1]);
  });
});
