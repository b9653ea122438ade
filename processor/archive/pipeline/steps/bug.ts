import type { Logger } from '../../../../infra/observability/logger.js';

/**
 * Logs an error that no code expected, without its message: it may quote the link.
 * The lines of the stack say where it came from.
 */
export function logBug(logger: Logger, error: unknown, what: string): void {
  const { name, stack = '' } = error instanceof Error ? error : new Error();
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  logger.error({ error: name, frames }, what);
}
