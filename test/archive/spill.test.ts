import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpillDirectory } from '../../processor/archive/spill/spill-directory.js';
import { SpillError, SpillFile } from '../../processor/archive/spill/spill-file.js';
import { tempDir } from './temp-dir.js';

const HOUR = 3_600_000;
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

describe('SpillFile', () => {
  it('holds and hashes what was written, across being closed', async () => {
    const file = new SpillFile(join(tempDir(), 'a'));
    await file.append(Buffer.from('one '));
    await file.close();
    await file.append(Buffer.from('two'));
    expect([file.bytes, file.sha256(), file.sha256()]).toEqual([7, sha('one two'), sha('one two')]);
    expect((await file.head(3)).toString()).toBe('one');
    await file.close();
    expect(readFileSync(file.path, 'utf8')).toBe('one two');
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
  });

  it('starts anew after a reset', async () => {
    const file = new SpillFile(join(tempDir(), 'a'));
    await file.append(Buffer.from('something long'));
    file.resume = { validator: '"v1"', totalBytes: 99 };
    await file.reset();
    expect(file.resume).toBeUndefined();
    await file.append(Buffer.from('short'));
    await file.close();
    expect([file.bytes, file.sha256(), readFileSync(file.path, 'utf8')]).toEqual([5, sha('short'), 'short']);
  });

  it('waits for a write under way when it is closed, and is gone when it is removed', async () => {
    const file = new SpillFile(join(tempDir(), 'a'));
    const writing = file.append(Buffer.alloc(1_000_000, 1));
    await file.close();
    await writing;
    expect(statSync(file.path).size).toBe(1_000_000);
    await file.remove();
    await file.remove();
    expect(existsSync(file.path)).toBe(false);
  });

  it('says which error the disk gave, and offers nothing to go on from', async () => {
    const file = new SpillFile(join(tempDir(), 'no-such-folder', 'a'));
    file.resume = { validator: '"v1"', totalBytes: 99 };
    const failure = await file.append(Buffer.from('x')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SpillError);
    expect(failure).toMatchObject({ code: 'ENOENT' });
    expect(file.resume).toBeUndefined();
  });
});

describe('SpillDirectory', () => {
  function folder(root: string, name: string, ageMs = 0): string {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, '1.audio'), 'left over');
    const then = new Date(Date.now() - ageMs);
    utimesSync(path, then, then);
    return path;
  }

  it('removes what crashed processes have left, and nothing else', async () => {
    const root = tempDir();
    const dead = folder(root, `${hostname()}_999999999_0123abcd`);
    const earlierLife = folder(root, `${hostname()}_${process.pid}_0123abcd`);
    const alive = folder(root, `${hostname()}_${process.ppid}_0123abcd`);
    const elsewhere = folder(root, 'other-host_12_0123abcd');
    const elsewhereLongAgo = folder(root, 'other-host_13_0123abcd', 5 * HOUR);
    const foreign = folder(root, 'photos', 5 * HOUR);
    await new SpillDirectory(root).open(HOUR);
    expect([dead, earlierLife, elsewhereLongAgo].map((path) => existsSync(path))).toEqual([false, false, false]);
    expect([alive, elsewhere, foreign].map((path) => existsSync(path))).toEqual([true, true, true]);
  });

  it('leaves the folder of another role in this process, and takes its own away at the end', async () => {
    const root = tempDir();
    const [one, other] = [new SpillDirectory(root), new SpillDirectory(root)];
    await one.open(HOUR);
    const file = one.create();
    await file.append(Buffer.from('x'));
    await other.open(HOUR);
    expect(existsSync(file.path)).toBe(true);
    await file.close();
    await one.close();
    expect(readdirSync(root)).toHaveLength(1);
    await other.close();
    expect(readdirSync(root)).toHaveLength(0);
  });
});
