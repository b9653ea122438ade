import type { ObjectInfo, ObjectStore } from '../../../infra/object-store/object-store.js';
import type { FetchedRecording } from '../recording/fetched-recording.js';
import { encodeHeaderValue } from '../recording/object-key.js';
import type { ArchivedObject } from '../recording/outcome.js';
import type { RecordingJob } from '../recording/recording-job.js';

export type StoredRecording = { readonly object: ArchivedObject; readonly alreadyStored: boolean };

/**
 * Recordings as objects: one for each session and day, whoever stores it and however often. The first one stays, so that a reported
 * outcome remains true.
 *
 * @throws StoreError of all methods, see {@link ObjectStore}.
 */
export class RecordingStore {
  constructor(
    private readonly objectStore: ObjectStore,
    private readonly bucket: string,
  ) {}

  /** The job's object if it exists: stored by an earlier owner, or for an earlier delivery of the event. */
  async find(job: RecordingJob, signal: AbortSignal): Promise<ArchivedObject | undefined> {
    const objects = await this.objectStore.findByPrefix(job.objectStem, signal);
    return objects.map((info) => this.describe(job, info)).find((object) => object !== undefined);
  }

  /** Stores the recording under its key, unless its object exists. */
  async put(job: RecordingJob, recording: FetchedRecording, signal: AbortSignal): Promise<StoredRecording> {
    const { path: file, bytes, sha256, audio } = recording;
    const object = {
      key: `${job.objectStem}${audio.extension}`,
      file,
      bytes,
      sha256,
      contentType: audio.contentType,
      metadata: { 'session-id': encodeHeaderValue(job.sessionId), sha256 },
    };
    const result = await this.objectStore.putFile(object, { replace: false }, signal);
    const existing = await this.stat(job, object.key, signal);
    if (existing !== undefined) return { object: existing, alreadyStored: result === 'exists' };
    // The key holds something other than this recording. These keys belong to the archive, so replace it.
    await this.objectStore.putFile(object, { replace: true }, signal);
    const replaced = await this.stat(job, object.key, signal);
    if (replaced === undefined) throw new Error('the object store does not list the object that it has just stored');
    return { object: replaced, alreadyStored: false };
  }

  private async stat(job: RecordingJob, key: string, signal: AbortSignal): Promise<ArchivedObject | undefined> {
    const info = await this.objectStore.stat(key, signal);
    return info && this.describe(job, info);
  }

  private describe(job: RecordingJob, info: ObjectInfo): ArchivedObject | undefined {
    const { key, bytes, contentType, metadata, lastModified } = info;
    const sha256 = metadata['sha256'] ?? '';
    const isOurs = metadata['session-id'] === encodeHeaderValue(job.sessionId) && /^[0-9a-f]{64}$/.test(sha256);
    if (!isOurs || bytes === 0) return undefined;
    return { bucket: this.bucket, key, bytes, sha256, contentType, archivedAt: lastModified.toISOString() };
  }
}
