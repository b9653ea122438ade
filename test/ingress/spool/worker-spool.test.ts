import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeFs } from '../../../ingress/spool/file-system.js';
import { NewerSpoolError } from '../../../infra/spool/segment-files.js';
import { WorkerSpool } from '../../../ingress/spool/worker-spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { drainAll, event, keysOf, recordingLogger } from './spool-harness.js';

let root: string;
const open: WorkerSpool[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'worker-spool-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((spool) => spool.close()));
  rmSync(root, { recursive: true, force: true });
});

async function openWorker(
  worker: number,
  workers: number,
  clock = new ManualClock(),
  logger = silent,
): Promise<WorkerSpool> {
  const spool = await WorkerSpool.open({ fs: nodeFs, root, worker, workers, maxBytes: 1e9, logger, clock });
  open.push(spool);
  await spool.scan();
  return spool;
}

it('keeps records for the next start until they are drained', async () => {
  const first = await openWorker(1, 1);
  await first.events.append(event('a'));
  await first.deadLetters.append({ ...event('b'), stream: 'dead-letter' });
  await first.close();
  const second = await openWorker(1, 1);
  expect(second.events.records).toBe(1);
  expect(keysOf(await drainAll(second.events))).toEqual(['a']);
  const [dead] = await drainAll(second.deadLetters);
  expect(dead).toMatchObject({ stream: 'dead-letter', key: 'b', headers: { ce_id: 'b' } });
  await second.close();
  expect(readdirSync(join(root, 'worker-1', 'events'))).toEqual([]);
});

it('gives each live process its own folder', async () => {
  await openWorker(1, 1);
  await openWorker(1, 1);
  expect(readdirSync(root).sort()).toEqual(['worker-1', 'worker-1.2']);
});

it('adopts the spools of workers that no longer exist, oldest records first', async () => {
  const third = await openWorker(3, 3);
  await third.events.append(event('left by 3'));
  await third.close();
  const second = await openWorker(2, 3);
  await second.events.append(event('of 2'));
  await second.close();
  const first = await openWorker(1, 2);
  await first.events.append(event('new'));
  expect(keysOf(await drainAll(first.events))).toEqual(['left by 3', 'new']);
  expect(keysOf(await drainAll((await openWorker(2, 2)).events))).toEqual(['of 2']);
});

it('adopts the spool of a process that ends later', async () => {
  const clock = new ManualClock();
  const old = await openWorker(1, 1);
  const young = await openWorker(1, 1, clock);
  await old.events.append(event('left'));
  await old.close();
  const readable = young.events.whenReadable();
  await clock.advance(5_000);
  await readable;
  expect(keysOf(await drainAll(young.events))).toEqual(['left']);
});

/** Makes the only segment of a worker one of a newer format. Returns its path. */
function makeNewer(worker: number): string {
  const dir = join(root, `worker-${worker}`, 'events');
  const path = join(dir, readdirSync(dir)[0] ?? '');
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(99, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16);
  writeFileSync(path, bytes);
  return path;
}

async function leave(worker: number, workers: number, key: string): Promise<void> {
  const spool = await openWorker(worker, workers);
  await spool.events.append(event(key));
  await spool.close();
}

it('leaves the files of a newer format where they are', async () => {
  await leave(1, 1, 'newer');
  const path = makeNewer(1);
  const bytes = readFileSync(path);
  await expect(openWorker(1, 1)).rejects.toBeInstanceOf(NewerSpoolError);
  expect(readFileSync(path)).toEqual(bytes);
});

it('adopts what it can, and reports once what it cannot', async () => {
  await leave(2, 4, 'newer');
  await leave(3, 4, 'fine');
  const newer = makeNewer(2);
  mkdirSync(join(root, 'worker-4', 'events'), { recursive: true });
  writeFileSync(join(root, 'worker-4', 'events', '000000000000001-00000001.spool'), 'x');
  mkdirSync(join(root, 'worker-4', 'owner.lock'));
  const clock = new ManualClock();
  const { logger, lines } = recordingLogger();
  const first = await openWorker(1, 1, clock, logger);
  expect(keysOf(await drainAll(first.events))).toEqual(['fine']);
  expect(readFileSync(newer)).not.toHaveLength(0);
  expect(first.waitingFolders).toEqual([join(root, 'worker-2'), join(root, 'worker-4')]);
  await clock.advance(5_000);
  await first.close();
  expect(lines.filter(({ level }) => level === 50)).toMatchObject([
    { dir: join(root, 'worker-2'), fault: expect.stringContaining('format version 99') as string },
    { dir: join(root, 'worker-4'), fault: 'a folder has the name of a file' },
  ]);
});

it('accepts nothing once a process elsewhere has taken over its folder', async () => {
  const clock = new ManualClock();
  const { logger, lines } = recordingLogger();
  const spool = await openWorker(1, 1, clock, logger);
  expect(await spool.events.append(event('kept'))).toEqual({ kind: 'durable' });
  writeFileSync(join(root, 'worker-1', 'owner.lock'), '1 42 another-boot:4026531836 taken\n');
  clock.pause(60_000);
  expect(await spool.events.append(event('lost'))).toEqual({ kind: 'failed', failure: 'closed' });
  expect(await spool.events.append(event('lost too'))).toEqual({ kind: 'failed', failure: 'closed' });
  expect(spool.events.isWritable).toBe(false);
  expect(lines.filter(({ level }) => level === 50)).toHaveLength(1);
});

it('adopts the spools of partitions, at the start and later', async () => {
  const id = { partition: 3, of: 6 };
  const third = await openWorker(3, 3);
  await third.ofPartition('events', id).append(event('of 3'));
  await third.close();
  const clock = new ManualClock();
  const first = await openWorker(1, 1, clock);
  expect(first.partitions).toMatchObject([{ stream: 'events', id }]);
  expect(readdirSync(join(root, 'worker-3')).sort()).not.toContain('events.3-of-6');
  const sibling = await openWorker(1, 1);
  await sibling.ofPartition('events', id).append(event('of a sibling'));
  await sibling.close();
  const adopted = new Promise((resolve) => {
    first.onAdopted = resolve;
  });
  await clock.advance(5_000);
  expect(await adopted).toMatchObject({ stream: 'events', id });
  expect(keysOf(await drainAll(first.ofPartition('events', id)))).toEqual(['of 3', 'of a sibling']);
  await first.close();
  expect(readdirSync(join(root, 'worker-1'))).not.toContain('events.3-of-6');
});
