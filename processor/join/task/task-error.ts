/** A failure of a task, with the record or position that it is about. Its `cause` decides what happens next. */
export class TaskError extends Error {
  override readonly name = 'TaskError';

  /** @param offset in the partition; `undefined` while the task has neither a committed nor a processed record. */
  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly offset: number | undefined,
    override readonly cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const place = offset === undefined ? 'before its first record' : `offset ${offset}`;
    super(`join task failed at ${topic}, partition ${partition}, ${place}: ${reason}`);
  }
}

/** The failure itself, without the place that a {@link TaskError} adds. */
export function rootCause(error: unknown): unknown {
  return error instanceof TaskError ? error.cause : error;
}
