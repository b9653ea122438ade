import type { Logger } from '../../../infra/observability/logger.js';
import type { FetchTask } from './steps/fetch-step.js';

/** A warning names no more sessions than this: when thousands are in danger, the number is what matters. */
const NAMED = 10;

/**
 * Warns, once for each, of recordings whose link will die soon: while an operator can still do something.
 *
 * @param withinMs how much life a link has left when it is time to warn.
 */
export function warnOfDeadlines(tasks: readonly FetchTask[], now: number, withinMs: number, logger: Logger): void {
  const inDanger = tasks.filter(({ warned, deadlineAt }) => !warned && deadlineAt - now < withinMs);
  if (inDanger.length === 0) return;
  for (const task of inDanger) task.warned = true;
  const tightestMs = inDanger.reduce((least, { deadlineAt }) => Math.min(least, deadlineAt - now), Infinity);
  logger.warn(
    {
      recordings: inDanger.length,
      tightestSeconds: Math.round(tightestMs / 1_000),
      failures: inDanger.reduce((most, { failures }) => Math.max(most, failures), 0),
      sessionIds: inDanger.slice(0, NAMED).map(({ job }) => job.sessionId),
    },
    'links of recordings are about to die before they could be downloaded',
  );
}
