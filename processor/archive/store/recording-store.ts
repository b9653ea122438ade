import type { ObjectInfo, ObjectStore } from '../../../infra/object-store/object-store.js';
import { encodeHeaderValue } from '../recording/object-key.js';
import type { ArchivedObject } from '../recording/outcome.js';
import type { RecordingJob } from '../recording/recording-job.js';
import type { AudioType } from '../recording/audio-type.js';

/** A recording on disk, whole. */
export type FetchedRecording = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly audio: AudioType;
};

export type Stored = { readonly object: ArchivedObject; readonly alreadyThere: boolean };

/**
 * Recordings as objects: one a session and day, whoever puts it there and however often. The first stays, so that what has been
 * reported of it stays true.
 *
 * @throws StoreError of all methods, see {@link ObjectStore}.
 */
export class RecordingStore {
  constructor(
    private readonly store: ObjectStore,
    private readonly bucket: string,
  ) {}

  /** The job's object if it is there already: put by an earlier owner, or for an earlier delivery of the event. */
  async find(job: RecordingJob, signal: AbortSignal): Promise<ArchivedObject | undefined> {
    const objects = await this.store.findByPrefix(job.objectStem, signal);
    return objects.map((info) => this.describe(job, info)).find((object) => object !== undefined);
  }

  /** Puts the recording where it belongs, unless it is there. */
  async put(job: RecordingJob, recording: FetchedRecording, signal: AbortSignal): Promise<Stored> {
    const { path: file, bytes, sha256, audio } = recording;
    const object = {
      key: `${job.objectStem}${audio.extension}`,
      file,
      bytes,
      sha256,
      contentType: audio.contentType,
      metadata: { 'session-id': encodeHeaderValue(job.sessionId), sha256 },
    };
    const first = await this.store.putFile(object, { replace: false }, signal);
    const there = await this.stat(job, object.key, signal);
    if (there !== undefined) return { object: there, alreadyThere: first === 'exists' };
    // Something that is not this recording lies in its place; nobody else may use these keys.
    await this.store.putFile(object, { replace: true }, signal);
    const put = await this.stat(job, object.key, signal);
    if (put === undefined) throw new Error('the store does not show the object that it took');
    return { object: put, alreadyThere: false };
  }

  private async stat(job: RecordingJob, key: string, signal: AbortSignal): Promise<ArchivedObject | undefined> {
    const info = await this.store.stat(key, signal);
    return info && this.describe(job, info);
  }

  private describe(job: RecordingJob, info: ObjectInfo): ArchivedObject | undefined {
    const { key, bytes, contentType, metadata, lastModified } = info;
    const sha256 = metadata['sha256'] ?? '';
    const ours = metadata['session-id'] === encodeHeaderValue(job.sessionId) && /^[0-9a-f]{64}$/.test(sha256);
    if (!ours || bytes === 0) return undefined;
    return { bucket: this.bucket, key, bytes, sha256, contentType, archivedAt: lastModified.toISOString() };
  }
}
