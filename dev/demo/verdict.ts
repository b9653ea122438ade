import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { DemoSession } from './sessions.js';
import type { Seen } from './watch-complete.js';

/** Result of one session. `faults` is empty when everything is as expected. */
export type Verdict = {
  readonly session: DemoSession;
  readonly seen: Seen | undefined;
  readonly faults: readonly string[];
};

export type ReadObject = (bucket: string, key: string) => Promise<Readable>;

/** Compares a session's record with the expected one, including the hash of the audio in the record and of the bytes in the object store. */
export async function judge(session: DemoSession, seen: readonly Seen[], readObject: ReadObject): Promise<Verdict> {
  const [first] = seen;
  if (first === undefined) return { session, seen: undefined, faults: ['no joined record'] };
  const faults: string[] = [];
  if (seen.length > 1) faults.push(`${seen.length} joined records`);
  const { expected } = session;
  const { channel, call, recording, revision } = first.record;
  if (revision !== 1) faults.push(`revision ${revision}`);
  if (channel !== expected.channel) faults.push(`channel ${channel}`);
  if (call?.status !== expected.status) faults.push(`status ${String(call?.status)}`);
  if (recording.outcome !== expected.outcome)
    faults.push(`recording ${recording.outcome} instead of ${expected.outcome}`);
  if (recording.outcome === 'archived') {
    if (recording.sha256 !== expected.sha256) faults.push('the record contains another hash');
    const stored = await hashOf(readObject(recording.bucket, recording.key));
    if (stored !== expected.sha256)
      faults.push(`the object ${stored === undefined ? 'cannot be read' : 'has another hash'}`);
  }
  return { session, seen: first, faults };
}

async function hashOf(object: Promise<Readable>): Promise<string | undefined> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of await object) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
