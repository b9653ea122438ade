import type { SessionComplete } from '../../schemas/generated/types.js';
import type { PlannedRecording } from '../archive/recording-plan.js';

export type RescueViolation = { readonly kind: string; readonly session: string; readonly detail: string };

/** What the joined records must say: each session once, archived, with the hash of the bytes that its source served. */
export function checkRescue(
  recordings: readonly PlannedRecording[],
  records: readonly SessionComplete[],
): RescueViolation[] {
  return recordings.flatMap(({ sessionId, content }) => {
    const found = records.filter((record) => record.sessionId === sessionId);
    const [record] = found;
    const violation = (kind: string, detail: unknown) => [{ kind, session: sessionId, detail: JSON.stringify(detail) }];
    if (record === undefined) return violation('not joined', null);
    if (found.length > 1) return violation('joined twice', found);
    const { recording } = record;
    if (recording.outcome !== 'archived') return violation('not archived', recording);
    return recording.sha256 === content.sha256() ? [] : violation('other bytes', recording);
  });
}
