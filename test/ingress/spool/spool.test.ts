import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { SpoolBudget } from '../../../ingress/spool/spool-budget.js';
import { ManualClock } from '../../support/manual-clock.js';
import { diskError, MemoryFs } from './memory-fs.js';
import { drainAll, event, keysOf, openSpool } from './spool-harness.js';

const DURABLE = { kind: 'durable' };
const FULL = { kind: 'failed', failure: 'full' };
let fs: MemoryFs;

beforeEach(() => {
  fs = new MemoryFs();
});

describe('a group commit', () => {
  it('settles no append before the fsync, and writes all appends of a turn at once', async () => {
    let release: () => void = () => undefined;
    const reached = new Promise<void>((entered) => {
      fs.before = (call) => {
        if (call !== 'datasync') return;
        entered();
        return new Promise((resolve) => (release = resolve));
      };
    });
    const spool = await openSpool(fs);
    let answered = 0;
    const appends = ['a', 'b', 'c'].map((key) => spool.append(event(key)).then(() => (answered += 1)));
    await reached;
    expect(answered).toBe(0);
    expect(spool.isEmpty).toBe(false);
    expect(await spool.read()).toBeUndefined();
    release();
    await Promise.all(appends);
    expect(fs.calls).toEqual(['create', 'write', 'datasync', 'syncDir']);
    expect(keysOf(await drainAll(spool))).toEqual(['a', 'b', 'c']);
  });

  it('combines the appends that arrive during a commit', async () => {
    const spool = await openSpool(fs);
    let more: Promise<unknown>[] = [];
    fs.before = (call) => {
      if (call === 'datasync' && more.length === 0) more = ['b', 'c'].map((key) => spool.append(event(key)));
    };
    await spool.append(event('a'));
    await Promise.all(more);
    expect(fs.calls.filter((call) => call === 'datasync')).toHaveLength(2);
    expect(keysOf(await drainAll(spool))).toEqual(['a', 'b', 'c']);
  });
});

describe('a durable record', () => {
  it('survives a power failure at any call of the file system, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
        fc.nat(60),
        fc.nat(200),
        async (groups, crashAt, torn) => {
          const disk = new MemoryFs();
          const spool = await openSpool(disk, { segmentBytes: 300 });
          let calls = 0;
          disk.before = () => ((calls += 1) > crashAt ? new Promise(() => undefined) : undefined);
          const durable: string[] = [];
          let sent = 0;
          for (const size of groups) {
            const appends = Array.from({ length: size }, async () => {
              const key = String((sent += 1));
              if ((await spool.append(event(key))).kind === 'durable') durable.push(key);
            });
            // After the failure, calls never settle.
            await Promise.race([Promise.all(appends), untilStuck(() => calls > crashAt)]);
          }
          disk.crash(torn);
          const after = await openSpool(disk);
          const found = keysOf(await drainAll(after)).map(Number);
          expect(found.slice(0, durable.length)).toEqual(durable.map(Number));
          expect(found).toEqual(Array.from({ length: found.length }, (_, n) => n + 1));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stays until it is drained, segment by segment', async () => {
    const spool = await openSpool(fs, { segmentBytes: 1 });
    for (const key of ['a', 'b']) await spool.append(event(key));
    expect(fs.paths()).toHaveLength(2);
    const first = await spool.read();
    expect(fs.paths()).toHaveLength(2);
    if (first !== undefined) spool.drained(first);
    // The header is a slice without records.
    while (fs.paths().length === 2) {
      const slice = await spool.read();
      if (slice !== undefined) spool.drained(slice);
    }
    expect(spool.isEmpty).toBe(false);
    await drainAll(spool);
    expect(spool.isEmpty).toBe(true);
    await spool.close();
    expect(fs.paths()).toEqual([]);
    expect([spool.bytes, spool.records, spool.oldestAt]).toEqual([0, 0, undefined]);
  });

  it('counts towards age and size', async () => {
    const clock = new ManualClock(1_000);
    const spool = await openSpool(fs, { clock });
    await spool.append(event('a'));
    await clock.advance(4_000);
    await spool.append(event('b'));
    expect(spool.oldestAt).toBe(1_000);
    expect(spool.records).toBe(2);
    expect(spool.bytes).toBe(fs.bytesOf(fs.paths()[0] ?? '').length);
  });
});

describe('a full or failing disk', () => {
  it('keeps no part of a record that did not fit, and accepts records once there is space', async () => {
    const spool = await openSpool(fs);
    await spool.append(event('a'));
    fs.capacityBytes = fs.bytesOf(fs.paths()[0] ?? '').length + 30;
    expect(await spool.append(event('b'))).toEqual(FULL);
    expect(spool.isWritable).toBe(false);
    fs.capacityBytes = Infinity;
    expect(await spool.append(event('c'))).toEqual(DURABLE);
    expect(spool.isWritable).toBe(true);
    fs.crash();
    expect(keysOf(await drainAll(await openSpool(fs)))).toEqual(['a', 'c']);
  });

  it('is detected as recovered without an append', async () => {
    const clock = new ManualClock();
    const spool = await openSpool(fs, { clock });
    fs.capacityBytes = 0;
    expect(await spool.append(event('a'))).toEqual(FULL);
    await clock.advance(10_000);
    expect(spool.isWritable).toBe(false);
    fs.capacityBytes = Infinity;
    const recovered = new Promise<void>((resolve) => (spool.onChange = () => spool.isWritable && resolve()));
    await clock.advance(2_000);
    await recovered;
    await spool.close();
    expect(fs.paths(/./)).toEqual([]);
  });

  it.each(['datasync', 'syncDir'] as const)(
    'whose %s fails: no record is durable, and the next append begins a new segment',
    async (broken) => {
      const spool = await openSpool(fs);
      if (broken === 'datasync') await spool.append(event('a'));
      fs.before = (call) => {
        if (call === broken) throw diskError('EIO');
      };
      expect(await spool.append(event('b'))).toEqual({ kind: 'failed', failure: 'io' });
      fs.before = () => undefined;
      expect(await spool.append(event('c'))).toEqual(DURABLE);
      expect(keysOf(await drainAll(spool))).toEqual(broken === 'datasync' ? ['a', 'c'] : ['c']);
    },
  );

  it('that cannot be truncated: the segment ends after its last durable record', async () => {
    const spool = await openSpool(fs);
    await spool.append(event('a'));
    fs.capacityBytes = fs.bytesOf(fs.paths()[0] ?? '').length + 30;
    fs.before = (call) => {
      if (call === 'truncate') throw diskError('EROFS');
    };
    expect(await spool.append(event('b'))).toEqual(FULL);
    fs.capacityBytes = Infinity;
    expect(await spool.append(event('c'))).toEqual(DURABLE);
    expect(keysOf(await drainAll(spool))).toEqual(['a', 'c']);
  });

  it('at the limit accepts no more records until some are drained', async () => {
    const spool = await openSpool(fs, { budget: new SpoolBudget(200) });
    expect(await spool.append(event('a'))).toEqual(DURABLE);
    const big = event('big', 'x'.repeat(200));
    expect(await spool.append(big)).toEqual(FULL);
    expect(spool.isWritable).toBe(false);
    await drainAll(spool);
    expect(spool.isWritable).toBe(true);
    expect(await spool.append(event('b'))).toEqual(DURABLE);
  });
});

describe('a disk that hangs', () => {
  it('makes appends fail at the deadline, accepts none until it responds, and keeps those it received', async () => {
    let respond: () => void = () => undefined;
    const hung = new Promise<void>((entered) => {
      fs.before = (call) => {
        if (call !== 'datasync') return undefined;
        entered();
        return new Promise<void>((resolve) => (respond = resolve));
      };
    });
    const clock = new ManualClock();
    const spool = await openSpool(fs, { clock, slowAfterMs: 20 });
    const SLOW = { kind: 'failed', failure: 'slow' };
    const appended = spool.append(event('a'));
    await hung;
    await clock.advance(20);
    expect(await appended).toEqual(SLOW);
    expect(spool.isWritable).toBe(false);
    expect(await spool.append(event('b'))).toEqual(SLOW);
    fs.before = () => undefined;
    const recovered = new Promise<void>((resolve) => (spool.onChange = resolve));
    respond();
    await recovered;
    expect(spool.isWritable).toBe(true);
    expect(await spool.append(event('c'))).toEqual(DURABLE);
    expect(keysOf(await drainAll(spool))).toEqual(['a', 'c']);
  });
});

/** Resolves some turns after the condition is true. */
async function untilStuck(isStuck: () => boolean): Promise<void> {
  while (!isStuck()) await new Promise(setImmediate);
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}
