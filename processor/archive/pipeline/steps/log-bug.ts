import type { Logger } from '../../../../infra/observability/logger.js';

/**
 * Logs an unexpected error by its name and stack frames. Omits its message, which may quote the link.
 *
 * @param fields further fields of the line, such as the session.
 */
export function logBug(logger: Logger, error: unknown, fields: object, message: string): void {
  const { name, stack = '' } = error instanceof Error ? error : new Error();
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  logger.error({ ...fields, error: name, frames }, message);
}
