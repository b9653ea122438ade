import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { logRemains, spoolStateOf } from '../../../ingress/delivery/spool-state.js';
import { nodeFs } from '../../../ingress/spool/file-system.js';
import { WorkerSpool } from '../../../ingress/spool/worker-spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';
import { drainAll, event, recordingLogger } from '../spool/spool-harness.js';

async function openWorker(root: string, workers = 1, worker = 1, clock = new ManualClock(1_000)): Promise<WorkerSpool> {
  const spool = await WorkerSpool.open({ fs: nodeFs, root, worker, workers, maxBytes: 1e9, logger: silent, clock });
  await spool.scan();
  return spool;
}

function remains(root: string, spool: WorkerSpool | undefined, now = 61_000) {
  const { logger, lines } = recordingLogger();
  logRemains(logger, root, spool, now);
  return lines;
}

it('says at the stop how many records remain, where, and what to do', async () => {
  const root = tempDir();
  const spool = await openWorker(root);
  await spool.events.append(event('a'));
  await spool.events.append(event('b'));
  await spool.deadLetters.append({ ...event('c'), stream: 'dead-letter' });
  await spool.close();
  const { bytes } = spoolStateOf(spool, 0);
  expect(bytes).toBeGreaterThan(100);
  const [line, ...others] = remains(root, spool);
  expect(line).toMatchObject({ level: 40, dir: join(root, 'worker-1'), records: 3, bytes, oldestSeconds: 60 });
  expect(line?.['msg']).toContain('--drain-spool');
  expect(others).toEqual([]);
});

it('says at the stop that nothing remains, and does not warn', async () => {
  const root = tempDir();
  const spool = await openWorker(root);
  await spool.events.append(event('a'));
  await drainAll(spool.events);
  await spool.close();
  expect(remains(root, spool)).toMatchObject([{ level: 30, records: 0, bytes: 0, msg: 'the spool is empty' }]);
});

it('warns at the stop if the spool could not be opened', () => {
  expect(remains('/root/of/spool', undefined)).toMatchObject([{ level: 40, dir: '/root/of/spool' }]);
});

it('counts files that were set aside, also by a former worker', async () => {
  const root = tempDir();
  const third = await openWorker(root, 3, 3);
  await third.close();
  writeFileSync(join(root, 'worker-3', 'events', '000000000000001-00000000.spool.refused-7'), '');
  const spool = await openWorker(root, 1);
  expect(spoolStateOf(spool, 0).setAsideFiles).toBe(1);
  await spool.close();
  expect(remains(root, spool)).toMatchObject([{ level: 30 }, { level: 40, setAsideFiles: 1 }]);
});

it('counts the records of adopted folders, at the start and later', async () => {
  const root = tempDir();
  const third = await openWorker(root, 3, 3);
  await third.events.append(event('of 3'));
  await third.close();
  const clock = new ManualClock();
  const first = await openWorker(root, 1, 1, clock);
  expect(spoolStateOf(first, 0)).toMatchObject({ records: 1, isAvailable: true });
  const second = await openWorker(root);
  await second.events.append(event('of a sibling'));
  await second.deadLetters.append({ ...event('of a sibling too'), stream: 'dead-letter' });
  await second.close();
  const readable = new Promise<void>((resolve) => {
    first.deadLetters.onChange = resolve;
  });
  await clock.advance(5_000);
  await readable;
  const { records, bytes } = spoolStateOf(first, 0);
  expect(records).toBe(3);
  await first.close();
  const files = ['events', 'dead-letter'].flatMap((stream) => readdirSync(join(root, 'worker-1', stream)));
  expect(files).toHaveLength(3);
  expect(bytes).toBeGreaterThan(0);
});

it('counts the records of single partitions, also at the stop', async () => {
  const root = tempDir();
  const spool = await openWorker(root);
  await spool.ofPartition('events', { partition: 3, of: 6 }).append(event('a'));
  expect(spoolStateOf(spool, 0)).toMatchObject({ records: 1, isAvailable: true });
  await spool.close();
  expect(remains(root, spool)).toMatchObject([{ level: 40, records: 1 }]);
});
