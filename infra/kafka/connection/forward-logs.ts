import { logLevel, type LogEntry } from 'kafkajs';
import { systemClock, type Clock } from '../../async/clock.js';
import type { Logger } from '../../observability/logger.js';

/** Interval in which one message is logged as a warning only once: during an outage kafkajs logs each of its many retries. */
const REPEAT_AFTER_MS = 10_000;
/** Limit of the memory for messages. Each names a broker, topic or group, so there are few. */
const MAX_REMEMBERED = 1_000;

/**
 * Forwards the log of kafkajs: `kafkajs Connection: Connection error: connect ECONNREFUSED …`, with its fields (broker, error, retry).
 * kafkajs logs each retry as an error. An error that it does not retry reaches our own code as an exception, so none of its messages is
 * more than a warning.
 */
export function forwardLogs(logger: Logger, clock: Clock = systemClock): (entry: LogEntry) => void {
  const warnedAt = new Map<string, number>();
  return ({ namespace, level, log }) => {
    const { message, timestamp: _timestamp, logger: _name, stack: _stack, retryTime, ...fields } = log;
    const line = retryTime === undefined ? fields : { ...fields, retryInMs: retryTime as number };
    const text = `kafkajs ${namespace}: ${message}`;
    const now = clock.monotonic();
    const isRepeated = now - (warnedAt.get(text) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS;
    if (level > logLevel.WARN || isRepeated) {
      logger.debug(line, text);
      return;
    }
    if (warnedAt.size >= MAX_REMEMBERED) warnedAt.clear();
    warnedAt.set(text, now);
    logger.warn(line, text);
  };
}
