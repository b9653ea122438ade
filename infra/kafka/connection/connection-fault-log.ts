import type { LogEntry } from 'kafkajs';
import { systemClock, type Clock } from '../../async/clock.js';
import type { Logger } from '../../observability/logger.js';
import type { CommonSettings } from '../../settings/common.js';
import { connectionAdvice } from './connection-advice.js';
import type { ConnectionFault } from './connection-fault.js';

/** Interval in which one piece of advice about one broker is logged once. The programs try to connect several times a second. */
const REPEAT_AFTER_MS = 300_000;

/** Logs once, in one line, what is wrong with the connections to a broker and which setting to change. */
export class ConnectionFaultLog {
  private readonly loggedAt = new Map<string, number>();

  constructor(
    private readonly settings: CommonSettings,
    private readonly logger: Logger,
    private readonly clock: Clock = systemClock,
  ) {}

  readonly report = (fault: ConnectionFault): void => {
    const advice = connectionAdvice(fault, this.settings);
    if (advice === undefined) return;
    const text = `cannot use Kafka broker ${fault.broker}: ${advice}`;
    const now = this.clock.monotonic();
    if (now - (this.loggedAt.get(text) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS) return;
    this.loggedAt.set(text, now);
    this.logger.warn({ broker: fault.broker }, text);
  };

  /** Reports what kafkajs itself has found: errors in answers of a broker, and connections that take too long. */
  readonly reportEntry = ({ log }: LogEntry): void => {
    const { broker, error, message } = log as { broker?: unknown; error?: unknown; message: string };
    if (typeof broker !== 'string') return;
    this.report({ broker, kind: 'reported', message: typeof error === 'string' ? error : message });
  };
}
