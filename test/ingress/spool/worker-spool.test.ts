import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeFs } from '../../../ingress/spool/file-system.js';
import { WorkerSpool } from '../../../ingress/spool/worker-spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { drainAll, event, keysOf } from './spool-harness.js';

let root: string;
const open: WorkerSpool[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'worker-spool-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((spool) => spool.close()));
  rmSync(root, { recursive: true, force: true });
});

async function openWorker(worker: number, workers: number, clock = new ManualClock()): Promise<WorkerSpool> {
  const spool = await WorkerSpool.open({ fs: nodeFs, root, worker, workers, maxBytes: 1e9, logger: silent, clock });
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
