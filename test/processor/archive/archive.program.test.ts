import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { startProgram } from '../../../dev/local-stack/process/program.js';
import { freePort } from '../../ingress/ingress-program.js';
import { suiteEnv } from '../../support/stack-settings.js';
import { ArchiveEvents } from './archive-events.js';
import { sha256, wav } from './recording/audio-samples.js';
import { FaultySource, stallAfter, status, whole } from './source/faulty-source.js';
import { tempDir } from '../../support/temp-dir.js';

const env = suiteEnv('archive-program');
let events: ArchiveEvents;

beforeAll(async () => {
  events = await ArchiveEvents.open(env);
});
afterAll(() => events.close());

/** Starts the built processor with the archive role only. */
async function startArchive(settings: Record<string, string>) {
  const port = await freePort();
  const program = startProgram({
    name: 'processor',
    script: resolve('dist/processor/main.js'),
    env: {
      PATH: process.env['PATH'],
      ...env,
      PROCESSOR_HOST: '127.0.0.1',
      PROCESSOR_PORT: String(port),
      PROCESSOR_ROLES: 'archive',
      ARCHIVE_URL_LIFETIME_MS: '60000',
      ...settings,
    },
    logFile: join(tempDir(), 'processor.log'),
    readyUrl: `http://127.0.0.1:${port}/healthz`,
  });
  onTestFinished(() => void program.kill());
  await program.waitReady();
  return program;
}

it.each(['SIGKILL', 'SIGTERM'] as const)(
  'keeps downloaded recordings across %s while the object store is down, although the links have expired',
  async (signal) => {
    const source = await FaultySource.start();
    const body = wav(2_000_000);
    const spillDir = tempDir();
    const settings = {
      PROCESSOR_GROUP_ID: `archive-program-${randomUUID()}`,
      S3_BUCKET: `archive-${randomBytes(4).toString('hex')}`,
      ARCHIVE_ALLOWED_HOSTS: source.host,
      ARCHIVE_SPILL_DIR: spillDir,
    };
    const sessions = Array.from({ length: 8 }, () => randomUUID());
    const unfinished = randomUUID();
    const first = await startArchive({ ...settings, S3_ENDPOINT: `http://127.0.0.1:${await freePort()}` });
    for (const id of sessions) await events.ready(id, source.serve(`/${id}`, whole(body), status(403)));
    await events.ready(unfinished, source.serve('/unfinished', stallAfter(body, 1_000_000), whole(body)));
    const named = (ending: string) =>
      readdirSync(spillDir, { recursive: true }).filter((name) => String(name).endsWith(ending));
    await vi.waitFor(() => expect([named('.json').length, source.count('/unfinished')]).toEqual([8, 1]), {
      timeout: 60_000,
    });
    if (signal === 'SIGKILL') await first.kill();
    else await first.stop();

    const second = await startArchive(settings);
    const outcomes = await events.outcomesOf([...sessions, unfinished]);
    expect(outcomes.map((outcome) => outcome?.event)).toEqual(Array(9).fill('recording.archived'));
    expect(outcomes.every((outcome) => outcome?.['sha256'] === sha256(body))).toBe(true);
    expect(sessions.map((id) => source.count(`/${id}`))).toEqual(sessions.map(() => 1));
    expect((await second.stop()).code).toBe(0);
    expect(named('.audio')).toEqual([]);
  },
);
