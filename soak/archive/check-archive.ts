import type { RecordingArchived, RecordingFailed } from '../../schemas/generated/types.js';
import { grouped } from '../../lab/grouped.js';

/** A recording whose link was published, and the result that it must have. */
export type ExpectedRecording = {
  readonly sessionId: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Whether the source was available for long enough, so that a loss has no excuse. */
  readonly isOwed: boolean;
  /** When the object must exist (ms since the epoch). */
  readonly dueAt: number;
};

export type FoundObject = {
  readonly key: string;
  readonly bytes: number;
  /** Hash of the bytes in the object store. */
  readonly sha256: string;
  readonly metadata: Readonly<Record<string, string>>;
};

export type FoundOutcome = RecordingArchived | RecordingFailed;

/** Everything that a run has left: the published recordings, the bucket, the log and the disks. */
export type ArchiveHistory = {
  readonly bucket: string;
  readonly expected: readonly ExpectedRecording[];
  readonly objects: readonly FoundObject[];
  /** In the order of the log. */
  readonly outcomes: readonly FoundOutcome[];
  /** Files in the spill directory and parts of uploads that should have been removed. */
  readonly leftovers: readonly string[];
  /** Places, other than the vendor's own events, that contain the secret of a link. */
  readonly leaks: readonly string[];
};

export const VIOLATIONS = [
  'lost',
  'truncated',
  'wrong bytes',
  'twice',
  'foreign',
  'late',
  'unreported',
  'reported lost',
  'disagrees',
  'left over',
  'leaked',
] as const;

export type ArchiveViolation = {
  readonly kind: (typeof VIOLATIONS)[number];
  readonly what: string;
  readonly detail: string;
};

/** Tolerance, as an object may be created between the object store's answer and the outcome, and its time is in whole seconds. */
const TOLERANCE_MS = 5_000;

/** Returns every violation of the archive's guarantees. */
export function checkArchive(history: ArchiveHistory): ArchiveViolation[] {
  const objects = grouped(history.objects, ({ key }) => sessionOfKey(key));
  const outcomes = grouped(history.outcomes, ({ sessionId }) => sessionId);
  const known = new Set(history.expected.map(({ sessionId }) => sessionId));
  const foreign = history.objects.filter(({ key }) => !known.has(sessionOfKey(key)));
  const unexpected = history.outcomes.filter(({ sessionId }) => !known.has(sessionId));
  return [
    ...history.expected.flatMap((recording) => {
      const { sessionId } = recording;
      return checkRecording(recording, objects.get(sessionId) ?? [], outcomes.get(sessionId) ?? [], history.bucket);
    }),
    ...foreign.map(({ key }) => violation('foreign', key, 'an object that belongs to no recording')),
    ...unexpected.map(({ sessionId, event }) =>
      violation('foreign', sessionId, `${event} that belongs to no recording`),
    ),
    ...history.leftovers.map((path) => violation('left over', path, 'should have been removed')),
    ...history.leaks.map((place) => violation('leaked', place, 'contains the secret of a link')),
  ];
}

function checkRecording(
  recording: ExpectedRecording,
  objects: readonly FoundObject[],
  outcomes: readonly FoundOutcome[],
  bucket: string,
): ArchiveViolation[] {
  const { sessionId, isOwed, dueAt } = recording;
  const found = (kind: ArchiveViolation['kind'], detail: string) => violation(kind, sessionId, detail);
  const archived = outcomes.filter((outcome): outcome is RecordingArchived => outcome.event === 'recording.archived');
  const reasons = outcomes.flatMap((outcome) => (outcome.event === 'recording.failed' ? [outcome.reason] : []));
  const [object, ...more] = objects;
  if (object === undefined) {
    if (isOwed) return [found('lost', reasons.length > 0 ? `given up: ${reasons.join(', ')}` : 'no outcome')];
    if (archived.length > 0) return [found('disagrees', 'reported as archived, but there is no object')];
    return reasons.length === 0 ? [found('unreported', 'neither an object nor an outcome')] : [];
  }
  const violations = checkBytes(recording, object);
  if (more.length > 0) violations.push(found('twice', objects.map(({ key }) => key).join(', ')));
  if (archived.length === 0)
    violations.push(found('unreported', `its object exists; reported instead: ${reasons.join(', ') || 'nothing'}`));
  const existsSince = Math.min(...archived.map(({ archivedAt }) => Date.parse(archivedAt)));
  for (const outcome of outcomes) {
    const existedMs = Date.parse(outcome.timestamp) - existsSince;
    if (outcome.event !== 'recording.failed' || existedMs <= TOLERANCE_MS) continue;
    violations.push(found('reported lost', `${outcome.reason}, when its object had existed for ${existedMs} ms`));
  }
  for (const outcome of archived) {
    const { key, bytes, sha256 } = outcome;
    const isSame = outcome.bucket === bucket && key === object.key && bytes === object.bytes;
    if (!isSame || sha256 !== object.sha256) violations.push(found('disagrees', JSON.stringify({ outcome, object })));
    const lateMs = Date.parse(outcome.archivedAt) - dueAt;
    if (isOwed && lateMs > 0) violations.push(found('late', `by ${lateMs} ms`));
  }
  return violations;
}

function checkBytes({ sessionId, bytes, sha256 }: ExpectedRecording, object: FoundObject): ArchiveViolation[] {
  const { metadata } = object;
  if (object.bytes < bytes) return [violation('truncated', sessionId, `${object.bytes} of ${bytes} bytes`)];
  if (object.sha256 !== sha256) return [violation('wrong bytes', sessionId, `${object.bytes} of ${bytes} bytes`)];
  const isDescribed = metadata['sha256'] === sha256 && metadata['session-id'] === sessionId;
  return isDescribed ? [] : [violation('disagrees', sessionId, `metadata ${JSON.stringify(metadata)}`)];
}

/** The session id in a key `<projectId>/<yyyy>/<mm>/<dd>/<sessionId>.<ext>`; empty if the key has another form. */
export function sessionOfKey(key: string): string {
  return /^[^/]+\/\d{4}\/\d\d\/\d\d\/([^/]+)\.[^./]+$/.exec(key)?.[1] ?? '';
}

function violation(kind: ArchiveViolation['kind'], what: string, detail: string): ArchiveViolation {
  return { kind, what, detail };
}
