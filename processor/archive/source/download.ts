import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Transform, Writable } from 'node:stream';
import type { Clock } from '../../../infra/async/clock.js';
import { HEAD_BYTES, identifyAudio, type AudioType } from '../recording/audio-type.js';
import { SpillError } from '../recording/spill-error.js';
import { statedDigests } from '../recording/stated-digests.js';
import type { SpillFile } from '../spill/spill-file.js';
import { AttemptWatch } from './attempt-watch.js';
import type { LinkFollower } from './follow-link.js';
import type { SourceResponse } from './http-source.js';
import { judgeHead, type BodyPlan, type Encoding } from './response-head.js';
import { resumeHeaders, resumePoint } from './resume-point.js';
import { faultOfError, type SourceFault } from './source-fault.js';

export type DownloadResult =
  { readonly kind: 'complete'; readonly audio: AudioType } | { readonly kind: 'failed'; readonly fault: SourceFault };

export type DownloaderOptions = {
  readonly follower: LinkFollower;
  readonly maxBytes: number;
  /** See {@link AttemptWatch}. */
  readonly stallMs: number;
  readonly clock: Clock;
};

class TooLargeError extends Error {}

/** Downloads links into spill files. Each attempt continues where the last one was cut, if the source supports it. */
export class Downloader {
  constructor(private readonly options: DownloaderOptions) {}

  /**
   * Makes one attempt. On success the file holds the whole recording. On failure it is empty or holds bytes from which a later attempt
   * can continue.
   *
   * @param deadlineAt when the attempt ends as `timeout` (ms since the epoch).
   * @throws Error only for a bug of ours.
   */
  async attempt(link: string, spill: SpillFile, deadlineAt: number, stop: AbortSignal): Promise<DownloadResult> {
    const { clock, stallMs } = this.options;
    const watch = new AttemptWatch({ clock, deadlineAt, stallMs, stop });
    try {
      return await this.transfer(link, spill, watch);
    } catch (error) {
      if (error instanceof SpillError) return failed({ reason: 'spill_failed', detail: error.code });
      if (error instanceof TooLargeError) return failed({ reason: 'too_large' });
      return failed(watch.signal.aborted ? { reason: 'timeout' } : faultOfError(error));
    } finally {
      watch.end();
      await spill.close();
    }
  }

  private async transfer(link: string, spill: SpillFile, watch: AttemptWatch): Promise<DownloadResult> {
    const { follower, clock } = this.options;
    const resume = spill.bytes > 0 ? spill.resume : undefined;
    if (resume === undefined) await spill.reset();
    const headers = { 'accept-encoding': 'identity', ...(resume && resumeHeaders(resume, spill.bytes)) };
    const followed = await follower.follow(link, headers, watch.signal);
    if (followed.kind === 'failed') {
      return failed(watch.signal.aborted ? { reason: 'timeout' } : followed.fault);
    }
    const { response, path } = followed;
    try {
      const storedBytes = resume === undefined ? 0 : spill.bytes;
      const verdict = judgeHead(response.status, response.headers, storedBytes, resume?.totalBytes, clock.now());
      if (verdict.kind === 'fault') {
        // The source does not continue from the stored bytes, so they are useless.
        if (response.status === 206 || response.status === 416) await spill.reset();
        return failed(verdict.fault);
      }
      const fault = await this.receiveBody(response, verdict.plan, spill, watch);
      if (fault !== undefined) return failed(fault);
    } finally {
      response.body.destroy();
    }
    const audio = await identifyAudio(await spill.head(HEAD_BYTES), response.headers['content-type'], path);
    if (audio !== undefined) return { kind: 'complete', audio };
    await spill.reset();
    return failed({ reason: 'not_audio' });
  }

  private async receiveBody(
    { headers, body }: SourceResponse,
    { startsAt, totalBytes, encodings }: BodyPlan,
    spill: SpillFile,
    watch: AttemptWatch,
  ): Promise<SourceFault | undefined> {
    const { maxBytes } = this.options;
    if (totalBytes !== undefined && totalBytes > maxBytes) return { reason: 'too_large', detail: 'Content-Length' };
    if (startsAt === 0) {
      await spill.reset();
      // Only here: the headers of a partial response may state the hash of the part.
      if (encodings.length === 0) spill.expect(statedDigests(headers));
    }
    spill.resume = encodings.length > 0 ? undefined : resumePoint(headers, totalBytes);
    await pipeline([body, meter(watch), ...encodings.map(decoder), sink(spill, maxBytes)]);
    if (spill.bytes === 0) return { reason: 'empty_body' };
    if (totalBytes !== undefined && spill.bytes !== totalBytes) return { reason: 'truncated' };
    const mismatch = spill.mismatch();
    if (mismatch === undefined) return undefined;
    await spill.reset();
    return { reason: 'checksum_mismatch', detail: mismatch.algorithm };
  }
}

function meter(watch: AttemptWatch): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      watch.progress(chunk.length);
      done(null, chunk);
    },
  });
}

function sink(spill: SpillFile, maxBytes: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (spill.bytes + chunk.length > maxBytes) done(new TooLargeError());
      else spill.append(chunk).then(() => done(), done);
    },
  });
}

function decoder(encoding: Encoding): Transform {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return encoding satisfies never;
  }
}

function failed(fault: SourceFault): DownloadResult {
  return { kind: 'failed', fault };
}
