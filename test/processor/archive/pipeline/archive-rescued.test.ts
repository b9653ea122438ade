import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RecordingStore } from '../../../../processor/archive/store/recording-store.js';
import { tempDir } from '../../../support/temp-dir.js';
import { sha256 } from '../recording/audio-samples.js';
import { status, whole } from '../source/faulty-source.js';
import { archivePipeline, BODY } from './pipeline-harness.js';

const LIFETIME_MS = 20_000;
/** The announcement was in a spool for longer than the link lived. */
const SPOOLED = { receivedAgoMs: 2 * LIFETIME_MS };

describe('a recording that was announced while Kafka was down', () => {
  it('is archived if the rescue uploads it after the object store has answered', async () => {
    const { source, store, acceptSpooled, settled, outcomes, until } = await archivePipeline({
      lifetimeMs: LIFETIME_MS,
    });
    const job = acceptSpooled('s-1', source.serve('/a', status(403)), SPOOLED);
    const asked = () => store.looks;
    await until(() => expect(asked()).toBeGreaterThan(3));
    expect(outcomes()).toEqual([]);
    const path = join(tempDir(), 'a.wav');
    writeFileSync(path, BODY);
    const audio = { contentType: 'audio/wav', extension: 'wav' };
    const recording = { path, bytes: BODY.length, sha256: sha256(BODY), audio };
    await new RecordingStore(store, 'recordings').put(job, recording, new AbortController().signal);
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived', sha256: sha256(BODY) }]);
  });

  it('is lost only when the join has stopped waiting', async () => {
    const { source, acceptSpooled, settled, outcomes, clock } = await archivePipeline({ lifetimeMs: LIFETIME_MS });
    const job = acceptSpooled('s-1', source.serve('/a', status(403)), SPOOLED);
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'expired' }]);
    expect(clock.now()).toBeGreaterThanOrEqual(job.deadlines.giveUpAt);
  });

  it('is not given up right after the object store has come back', async () => {
    const { source, store, acceptSpooled, settled, outcomes, clock, until } = await archivePipeline({
      lifetimeMs: LIFETIME_MS,
      spillKeepMs: 10 * LIFETIME_MS,
    });
    store.trouble = 'away';
    const job = acceptSpooled('s-1', source.serve('/a', status(403)), SPOOLED);
    await until(() => expect(clock.now()).toBeGreaterThan(job.deadlines.giveUpAt));
    store.trouble = undefined;
    const backAt = clock.now();
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.failed', reason: 'expired' }]);
    expect(clock.now() - backAt).toBeGreaterThanOrEqual(LIFETIME_MS / 4);
  });

  it('is downloaded as usual while its link lives', async () => {
    const { source, acceptSpooled, settled, outcomes } = await archivePipeline({ lifetimeMs: LIFETIME_MS });
    acceptSpooled('s-1', source.serve('/a', whole(BODY)), { receivedAgoMs: LIFETIME_MS / 2 });
    await settled(1);
    expect(outcomes()).toMatchObject([{ event: 'recording.archived' }]);
  });
});
