import type { Bucket } from '../../lab/bucket.js';
import type { RecordingBytes } from '../../lab/source/recording-bytes.js';
import { recordingOfKey } from './source/recording-set.js';

/**
 * Reads every object back and compares it with its recording.
 * @returns a sentence that counts missing, repeated, wrong and unexpected objects; empty if there are none.
 */
export async function checkBucket(
  bucket: Bucket,
  recordings: readonly RecordingBytes[],
  contender: string,
): Promise<string[]> {
  const seen = new Set<number>();
  const counts = { missing: 0, repeated: 0, wrong: 0, unexpected: 0 };
  for (const { key, sha256 } of await bucket.readAll()) {
    const number = recordingOfKey(key);
    const recording = recordings[number];
    if (recording === undefined) counts.unexpected += 1;
    else if (seen.has(number)) counts.repeated += 1;
    else if (recording.sha256() !== sha256) counts.wrong += 1;
    seen.add(number);
  }
  counts.missing = recordings.filter((_, number) => !seen.has(number)).length;
  const faults = Object.entries(counts).filter(([, count]) => count > 0);
  if (faults.length === 0) return [];
  return [
    `${contender}: of ${recordings.length} objects ${faults.map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
  ];
}
