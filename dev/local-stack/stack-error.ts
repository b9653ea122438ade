/**
 * The local stack cannot do what was asked, for a reason the user can act on.
 * The message is one clear line (log lines may follow it); print it without a stack trace and exit with 1.
 */
export class StackError extends Error {
  override readonly name = 'StackError';
}
