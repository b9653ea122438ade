import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FileReloader, LOOK_INTERVAL_MS, type ReloadableFiles } from '../../../infra/settings/file-reloader.js';
import { ingressSecretReloads, readIngressSettings } from '../../../ingress/settings.js';
import { processorSecretReloads, readProcessorSettings } from '../../../processor/settings.js';
import { objectStoreCredentials } from '../../../processor/archive/settings.js';
import { ManualClock } from '../../support/manual-clock.js';
import { tempDir } from '../../support/temp-dir.js';

type Line = { readonly level: number; readonly msg: string };

function reloaderOf(files: readonly ReloadableFiles[], clock = new ManualClock()) {
  const lines: Line[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  const reloader = new FileReloader(files, logger, clock);
  onTestFinished(reloader.stop);
  const texts = (level: number) => lines.filter((line) => line.level === level).map(({ msg }) => msg);
  return { reloader, warnings: () => texts(40), infos: () => texts(30), all: () => JSON.stringify(lines), clock };
}

describe('a token in a file', () => {
  function tokens(content: string) {
    const path = join(tempDir(), 'tokens');
    writeFileSync(path, content);
    const env = { INGRESS_TOKENS_FILE: path };
    const settings = readIngressSettings(env);
    return { path, settings, ...reloaderOf(ingressSecretReloads(env, settings)) };
  }

  it('is in use after the next look, and an old one as long as the file has it', async () => {
    const { path, settings, reloader, infos } = tokens('old');
    await reloader.reload();
    expect(infos()).toEqual([]);
    for (const [content, expected] of [
      ['old\nnew\n', ['old', 'new']],
      ['new\n', ['new']],
    ] as const) {
      writeFileSync(path, content);
      await reloader.reload();
      expect(settings.INGRESS_TOKENS).toEqual(expected);
    }
    expect(infos()).toEqual(Array(2).fill('INGRESS_TOKENS_FILE: new content is in use'));
  });

  it('stays in use while the file is missing, empty or invalid, with one warning for each reason and no secret in it', async () => {
    const { path, settings, reloader, warnings, infos, all } = tokens('old-token');
    await reloader.reload();
    const looks = async () => {
      for (let look = 0; look < 3; look += 1) await reloader.reload();
      expect(settings.INGRESS_TOKENS).toEqual(['old-token']);
    };
    rmSync(path);
    await looks();
    writeFileSync(path, '');
    await looks();
    writeFileSync(path, 'secret with spaces');
    await looks();
    writeFileSync(path, ',');
    await looks();
    expect(warnings()).toEqual([
      expect.stringContaining(`INGRESS_TOKENS_FILE (${path}): the file does not exist; the previous content stays`),
      expect.stringContaining('the file is empty'),
      expect.stringContaining('visible ASCII'),
      expect.stringContaining('the file is empty'),
    ]);
    writeFileSync(path, 'old-token\n');
    await reloader.reload();
    writeFileSync(path, 'new-token');
    await reloader.reload();
    expect(settings.INGRESS_TOKENS).toEqual(['new-token']);
    expect(infos()).toHaveLength(2);
    expect(all()).not.toMatch(/old-token|new-token|secret with/);
  });
});

it('a mounted secret, replaced through a symbolic link, is found at the next look', async () => {
  const dir = tempDir();
  const version = (name: string, token: string) => {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'tokens'), token);
    symlinkSync(name, join(dir, 'next'));
    renameSync(join(dir, 'next'), join(dir, 'data'));
  };
  version('v1', 'one');
  symlinkSync('data/tokens', join(dir, 'tokens'));
  const env = { INGRESS_TOKENS_FILE: join(dir, 'tokens') };
  const settings = readIngressSettings(env);
  const clock = new ManualClock();
  const applied: string[] = [];
  let resolve = (): void => undefined;
  const replaced = new Promise<void>((done) => (resolve = done));
  const noted = ingressSecretReloads(env, settings).map((entry) => ({
    ...entry,
    apply: (contents: readonly string[]) => {
      entry.apply(contents);
      applied.push(...settings.INGRESS_TOKENS);
      if (applied.length === 2) resolve();
    },
  }));
  const { reloader } = reloaderOf(noted, clock);
  reloader.start();
  await reloader.reload();
  version('v2', 'two');
  // The first look has ended, so the next one is due in an interval.
  await clock.advance(LOOK_INTERVAL_MS);
  await replaced;
  expect(applied).toEqual(['one', 'two']);
});

it('the two keys of an object store change together', async () => {
  const dir = tempDir();
  const keys = (name: string) => {
    writeFileSync(join(dir, 'access'), `${name}-access`);
    writeFileSync(join(dir, 'secret'), `${name}-secret\n`);
  };
  keys('old');
  const env = { S3_ACCESS_KEY_FILE: join(dir, 'access'), S3_SECRET_KEY_FILE: join(dir, 'secret') };
  const settings = readProcessorSettings(env);
  const { reloader } = reloaderOf(processorSecretReloads(env, settings));
  expect(objectStoreCredentials(settings)).toEqual({ accessKey: 'old-access', secretKey: 'old-secret' });
  keys('new');
  await reloader.reload();
  expect(objectStoreCredentials(settings)).toEqual({ accessKey: 'new-access', secretKey: 'new-secret' });
});

it('files that cannot be used together stay as they were, until they can', async () => {
  const dir = tempDir();
  const [one, other] = [join(dir, 'one'), join(dir, 'other')];
  writeFileSync(one, 'a');
  writeFileSync(other, 'a');
  const applied: string[] = [];
  const entry: ReloadableFiles = {
    setting: 'ONE, OTHER',
    files: [one, other],
    inUse: ['a', 'a'],
    apply: (contents) => {
      if (contents[0] !== contents[1]) throw new Error('the files do not fit each other');
      applied.push(contents.join());
    },
  };
  const { reloader, warnings } = reloaderOf([entry]);
  await reloader.reload();
  expect(applied).toEqual([]);
  writeFileSync(one, 'b');
  await reloader.reload();
  await reloader.reload();
  expect(applied).toEqual([]);
  expect(warnings()).toEqual([expect.stringContaining('the files do not fit each other')]);
  writeFileSync(other, 'b');
  await reloader.reload();
  expect(applied).toEqual(['b,b']);
});
