/**
 * The local stack cannot do what was asked, for a reason that the user can act on.
 * The message is one clear line, perhaps followed by log lines. Print it without a stack trace and exit with 1.
 */
export class StackError extends Error {
  override readonly name = 'StackError';
}
