import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpillDirectory } from '../../../../processor/archive/spill/spill-directory.js';
import { SpillError } from '../../../../processor/archive/recording/spill-error.js';
import { SpillFile } from '../../../../processor/archive/spill/spill-file.js';
import { tempDir } from '../../../support/temp-dir.js';

const HOUR = 3_600_000;
const BODY = 'some audio';
const AUDIO = { contentType: 'audio/wav', extension: 'wav' };
const FINGERPRINT = 'a'.repeat(64);
const DEAD = `${hostname()}_999999999_1_0123abcd`;
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

describe('SpillFile', () => {
  it('stores and hashes the written bytes, also when it is closed in between', async () => {
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

  it('starts over after a reset', async () => {
    const file = new SpillFile(join(tempDir(), 'a'));
    await file.append(Buffer.from('something long'));
    file.resume = { validator: '"v1"', totalBytes: 99 };
    await file.reset();
    expect(file.resume).toBeUndefined();
    await file.append(Buffer.from('short'));
    await file.close();
    expect([file.bytes, file.sha256(), readFileSync(file.path, 'utf8')]).toEqual([5, sha('short'), 'short']);
  });

  it('waits for an active write when it is closed, and is gone after its removal', async () => {
    const file = new SpillFile(join(tempDir(), 'a'));
    const writing = file.append(Buffer.alloc(1_000_000, 1));
    await file.close();
    await writing;
    expect(statSync(file.path).size).toBe(1_000_000);
    await file.remove();
    await file.remove();
    expect(existsSync(file.path)).toBe(false);
  });

  it('reports the error of the disk and offers no point to resume from', async () => {
    const file = new SpillFile(join('/dev/null', 'a'));
    file.resume = { validator: '"v1"', totalBytes: 99 };
    const failure = await file.append(Buffer.from('x')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SpillError);
    expect(failure).toMatchObject({ code: 'ENOTDIR' });
    expect(file.resume).toBeUndefined();
  });
});

describe('SpillDirectory', () => {
  const directory = (root: string, keepMs = HOUR) => new SpillDirectory({ root, maxSilenceMs: HOUR, keepMs });

  async function opened(root: string, keepMs?: number): Promise<SpillDirectory> {
    const spills = directory(root, keepMs);
    await spills.open();
    return spills;
  }

  /** Writes the file of a recording, which is complete if there is a fingerprint. */
  async function spilled(spills: SpillDirectory, fingerprint?: string): Promise<SpillFile> {
    const spill = spills.create();
    await spill.append(Buffer.from(BODY));
    await spill.close();
    const recording = { path: spill.path, bytes: spill.bytes, sha256: spill.sha256(), audio: AUDIO };
    if (fingerprint !== undefined) await spills.keep(fingerprint, { spill, recording });
    return spill;
  }

  /** Makes the folder of this process look as if another process had left it. */
  function disown(spill: SpillFile, owner = DEAD, ageMs = 0): string {
    const path = join(dirname(dirname(spill.path)), owner);
    renameSync(dirname(spill.path), path);
    const then = new Date(Date.now() - ageMs);
    for (const name of readdirSync(path)) utimesSync(join(path, name), then, then);
    utimesSync(path, then, then);
    return path;
  }

  it('adopts a recording of a dead process once, and removes it there', async () => {
    const root = tempDir();
    const path = disown(await spilled(await opened(root), FINGERPRINT));
    const spills = await opened(root);
    const found = await spills.adopt(FINGERPRINT);
    expect(found?.recording).toEqual({ path: found?.spill.path, bytes: BODY.length, sha256: sha(BODY), audio: AUDIO });
    expect(readFileSync(found?.spill.path ?? '', 'utf8')).toBe(BODY);
    expect(readdirSync(path)).toEqual([]);
    await found?.spill.remove();
    expect(await spills.adopt(FINGERPRINT)).toBeUndefined();
    await spills.close();
    await spills.tidy();
    expect(readdirSync(root)).toHaveLength(1);
  });

  it('shares a recording of a live process, which keeps it', async () => {
    const root = tempDir();
    const [one, other] = [await opened(root), await opened(root)];
    const spill = await spilled(one, FINGERPRINT);
    const shared = await other.adopt(FINGERPRINT);
    await shared?.spill.remove();
    expect(readFileSync(spill.path, 'utf8')).toBe(BODY);
    expect(await other.adopt(FINGERPRINT)).toBeDefined();
  });

  it('shares a recording that this process works on under an earlier lease', async () => {
    const spills = await opened(tempDir());
    const earlier = await spilled(spills, FINGERPRINT);
    const later = await spills.adopt(FINGERPRINT);
    await earlier.remove();
    expect(readFileSync(later?.spill.path ?? '', 'utf8')).toBe(BODY);
    expect(await spills.adopt(FINGERPRINT)).toBeDefined();
  });

  it.each<[string, (file: string, manifest: string) => void]>([
    ['is shorter', (file) => truncateSync(file, BODY.length - 1)],
    ['is longer', (file) => appendFileSync(file, 'x')],
    ['has a bit flipped', (file) => writeFileSync(file, BODY.replace('o', 'n'))],
    ['is gone', (file) => rmSync(file)],
    ['has half a manifest', (_, manifest) => truncateSync(manifest, 20)],
    ['has a manifest of something else', (_, manifest) => writeFileSync(manifest, '{"file":"../../etc/passwd"}')],
  ])('does not adopt a recording that %s', async (_, harm) => {
    const root = tempDir();
    const path = disown(await spilled(await opened(root), FINGERPRINT));
    harm(join(path, '1.audio'), join(path, `${FINGERPRINT}.json`));
    const spills = await opened(root);
    expect(await spills.adopt(FINGERPRINT)).toBeUndefined();
    await spills.close();
    expect(
      readdirSync(root, { recursive: true }).filter((name) => String(name).startsWith(String(process.pid))),
    ).toEqual([]);
  });

  it('removes only incomplete recordings of dead processes', async () => {
    const root = tempDir();
    const partial = disown(await spilled(await opened(root)));
    const earlierLife = disown(await spilled(await opened(root)), `${hostname()}_${process.pid}_1_0123abcd`);
    const elsewhereLongAgo = disown(await spilled(await opened(root)), 'other-host_13_77_0123abcd', 2 * HOUR);
    const elsewhere = disown(await spilled(await opened(root)), 'other-host_12_77_0123abcd');
    const complete = disown(await spilled(await opened(root), FINGERPRINT), `${hostname()}_999999998_1_0123abcd`);
    const alive = await spilled(await opened(root));
    const foreign = join(root, 'photos');
    mkdirSync(foreign);
    await opened(root);
    expect([partial, earlierLife, elsewhereLongAgo].map((path) => existsSync(path))).toEqual([false, false, false]);
    expect([elsewhere, complete, alive.path, foreign].map((path) => existsSync(path))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('knows its own folders by their names, not by its process id and start time', async () => {
    const root = tempDir();
    const own = await spilled(await opened(root));
    const [host, pid, start] = basename(dirname(own.path)).split('_');
    const copied = disown(await spilled(await opened(root)), [host, pid, start, '0123abcd'].join('_'));
    const ofEarlierVersion = disown(await spilled(await opened(root)), [hostname(), pid, start, '0123abcd'].join('_'));
    await opened(root);
    expect([own.path, copied, ofEarlierVersion].map((path) => existsSync(path))).toEqual([true, false, false]);
  });

  it('does not probe the processes of another container, even if it has the same host name', async () => {
    const root = tempDir();
    const other = `${hostname()}.0123456789ab`;
    const alive = disown(await spilled(await opened(root)), `${other}_999999999_1_0123abcd`);
    const silent = disown(await spilled(await opened(root)), `${other}_${process.pid}_1_0123abcd`, 2 * HOUR);
    await opened(root);
    expect([existsSync(alive), existsSync(silent)]).toEqual([true, false]);
  });

  it('removes old complete recordings, but only after they could be adopted', async () => {
    const root = tempDir();
    const old = disown(await spilled(await opened(root), FINGERPRINT), DEAD, 2 * HOUR);
    const young = disown(await spilled(await opened(root), FINGERPRINT), `${hostname()}_999999998_1_0123abcd`);
    const spills = await opened(root);
    expect(existsSync(old)).toBe(true);
    await spills.tidy();
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  it('removes only archived recordings of a dead process', async () => {
    const root = tempDir();
    const other = 'b'.repeat(64);
    const path = disown(await spilled(await opened(root), FINGERPRINT));
    const unarchived = disown(await spilled(await opened(root), other), `${hostname()}_999999998_1_0123abcd`);
    const spills = await opened(root);
    await spills.discard(FINGERPRINT);
    expect([readdirSync(path), readdirSync(unarchived).sort()]).toEqual([[], ['1.audio', `${other}.json`]]);
  });

  it.each(['tidy', 'close'] as const)(
    'leaves archived recordings to a live process, and removes them by %s once it has died',
    async (occasion) => {
      const root = tempDir();
      const theirs = await spilled(await opened(root), FINGERPRINT);
      const completedLater = await opened(root);
      const spills = await opened(root);
      await spills.discard(FINGERPRINT);
      expect(readFileSync(theirs.path, 'utf8')).toBe(BODY);
      const late = await spilled(completedLater, FINGERPRINT);
      const left = [disown(theirs), disown(late, `${hostname()}_999999998_1_0123abcd`)];
      await spills[occasion]();
      expect(left.flatMap((path) => (existsSync(path) ? readdirSync(path) : []))).toEqual([]);
    },
  );

  it('leaves only complete recordings when it is closed', async () => {
    const root = tempDir();
    const spills = await opened(root);
    for (const fingerprint of [FINGERPRINT, undefined]) await spilled(spills, fingerprint);
    await spills.close();
    const files = readdirSync(root, { recursive: true }).map((path) => basename(String(path)));
    expect(files.slice(1).sort()).toEqual(['1.audio', `${FINGERPRINT}.json`]);
    const next = await opened(root);
    const found = await next.adopt(FINGERPRINT);
    await found?.spill.remove();
    await next.close();
    await (await opened(root)).close();
    expect(readdirSync(root)).toEqual([]);
  });

  it('continues after somebody has removed its empty folder', async () => {
    const root = tempDir();
    const spills = await opened(root);
    for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true });
    const spill = await spilled(spills, FINGERPRINT);
    expect(readFileSync(spill.path, 'utf8')).toBe(BODY);
  });

  it('flushes recording and manifest when it is synced, and fails if they are gone', async () => {
    const spills = await opened(tempDir());
    const spill = await spilled(spills, FINGERPRINT);
    await spill.sync();
    expect(readFileSync(spill.path, 'utf8')).toBe(BODY);
    await spill.remove();
    await expect(spill.sync()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
