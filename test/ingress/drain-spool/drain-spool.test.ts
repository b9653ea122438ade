import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../infra/async/clock.js';
import { SILENCE_MS } from '../../../infra/program/lock-heartbeat.js';
import { parseArguments } from '../../../ingress/command.js';
import { drainSpool, type SpoolSender } from '../../../ingress/drain-spool/drain-spool.js';
import { findWorkerFolders, lockFolders } from '../../../ingress/drain-spool/spool-folders.js';
import { nodeFs } from '../../../ingress/spool/file-system.js';
import { WorkerSpool } from '../../../ingress/spool/worker-spool.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';
import { drainAll, event } from '../spool/spool-harness.js';

describe('the arguments', () => {
  it.each([
    [[], { kind: 'serve' }],
    [['--help'], { kind: 'help' }],
    [['-h'], { kind: 'help' }],
    [['--drain-spool', '/a dir'], { kind: 'drain-spool', dir: '/a dir' }],
    [['--drain-spool=/dir'], { kind: 'drain-spool', dir: '/dir' }],
  ])('%j', (args, command) => expect(parseArguments(args)).toEqual(command));

  it.each([[['--drain-spool']], [['--drain-spool', '']], [['--drain']], [['drain']], [['--help', 'x']]])(
    '%j are an error',
    (args) => expect(parseArguments(args)).toMatchObject({ kind: 'invalid' }),
  );
});

describe('the folders of a spool', () => {
  it('are found in any layout, in the order of their numbers', async () => {
    const root = tempDir();
    for (const name of ['worker-10', 'worker-2', 'worker-1.2', 'worker-1'])
      mkdirSync(join(root, name, 'events'), { recursive: true });
    const names = ['worker-1', 'worker-1.2', 'worker-2', 'worker-10'];
    expect(await findWorkerFolders(root)).toEqual(names.map((name) => join(root, name)));
    expect(await findWorkerFolders(join(root, 'worker-2'))).toEqual([join(root, 'worker-2')]);
    expect(await findWorkerFolders(join(root, 'worker-2', 'events/'))).toEqual([join(root, 'worker-2')]);
    mkdirSync(join(root, 'worker-2', 'events.3-of-6'));
    expect(await findWorkerFolders(join(root, 'worker-2', 'events.3-of-6'))).toEqual([join(root, 'worker-2')]);
    expect(await findWorkerFolders(tempDir())).toEqual([]);
  });

  it('are not guessed', async () => {
    const root = tempDir();
    mkdirSync(join(root, 'photos'));
    await expect(findWorkerFolders(root)).rejects.toThrow('is not a spool');
    await expect(findWorkerFolders(join(root, 'missing'))).rejects.toThrow('cannot read');
  });

  it('are refused while an owner elsewhere shows signs of life, and used once it does not', async () => {
    const dir = join(tempDir(), 'worker-1');
    mkdirSync(dir);
    const lock = join(dir, 'owner.lock');
    const lines: string[] = [];
    const attempt = async (beats: boolean) => {
      const clock = new ManualClock(Date.now());
      writeFileSync(lock, `1 42 another-boot:4026531836 token-${String(beats)}\n`);
      const result = lockFolders([dir], clock, (line) => lines.push(line)).catch((error: unknown) => error);
      if (beats) writeFileSync(lock, '1 42 another-boot:4026531836 token-later\n');
      await clock.advance(SILENCE_MS);
      return result;
    };
    expect(String(await attempt(true))).toContain('belongs to a running process (pid 1 in another container');
    expect(lines).toEqual([expect.stringContaining('waiting 20 s to see whether it lives')]);
    expect(await attempt(false)).toMatchObject([{ dir }]);
  });
});

describe('draining', () => {
  async function leave(root: string, worker: number, key: string): Promise<void> {
    const spool = await WorkerSpool.open({ fs: nodeFs, root, worker, workers: 9, maxBytes: 1e9, logger: silent });
    await spool.events.append(event(key));
    await spool.close();
  }

  function senderTo(sent: (string | null)[]): SpoolSender {
    return {
      start: async ({ events, deadLetters }) => {
        for (const { key } of [...(await drainAll(events)), ...(await drainAll(deadLetters))]) sent.push(key);
      },
      stop: () => Promise.resolve(),
    };
  }

  const run = (dir: string, sender: SpoolSender) =>
    drainSpool(dir, {
      sender,
      logger: silent,
      clock: systemClock,
      stopped: new AbortController().signal,
      say: () => undefined,
    });

  it('sends the records of all workers in the order of their arrival', async () => {
    const root = tempDir();
    for (const worker of [3, 1, 2, 1]) await leave(root, worker, `of ${worker}`);
    const sent: string[] = [];
    expect(await run(root, senderTo(sent))).toEqual({ sent: 4, remaining: 0, setAside: [] });
    expect(sent).toEqual(['of 3', 'of 1', 'of 2', 'of 1']);
    expect(await run(root, senderTo(sent))).toEqual({ sent: 0, remaining: 0, setAside: [] });
  });

  it('sends the records of single partitions, of all workers', async () => {
    const root = tempDir();
    const id = { partition: 3, of: 6 };
    for (const worker of [2, 1]) {
      const spool = await WorkerSpool.open({ fs: nodeFs, root, worker, workers: 9, maxBytes: 1e9, logger: silent });
      await spool.ofPartition('events', id).append(event(`of ${worker}`));
      await spool.close();
    }
    const sent: (string | null)[] = [];
    const sender: SpoolSender = {
      start: async ({ partitions }) => {
        for (const { spool } of partitions) for (const { key } of await drainAll(spool)) sent.push(key);
      },
      stop: () => Promise.resolve(),
    };
    expect(await run(root, sender)).toEqual({ sent: 2, remaining: 0, setAside: [] });
    expect(sent).toEqual(['of 2', 'of 1']);
    const left = ['worker-1', 'worker-2'].flatMap((worker) => readdirSync(join(root, worker)));
    expect(left).not.toContain('events.3-of-6');
  });

  it('names files that were set aside', async () => {
    const root = tempDir();
    await leave(root, 1, 'a');
    const file = join(root, 'worker-1', 'events', '000000000000001-00000000.spool.refused-1');
    writeFileSync(file, '');
    expect(await run(root, senderTo([]))).toEqual({ sent: 1, remaining: 0, setAside: [file] });
  });

  it('does nothing if one of the folders is in use', async () => {
    const root = tempDir();
    await leave(root, 2, 'waits');
    const live = await WorkerSpool.open({ fs: nodeFs, root, worker: 1, workers: 9, maxBytes: 1e9, logger: silent });
    const sent: string[] = [];
    await expect(run(root, senderTo(sent))).rejects.toThrow('belongs to a running process');
    expect(sent).toEqual([]);
    await live.close();
    expect(await run(root, senderTo(sent))).toMatchObject({ sent: 1 });
  });
});
