import { pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/**
 * Names under which a secret could reach a log by accident. `recordingUrl` is a bearer credential: it must appear nowhere.
 */
const SECRET_FIELDS = ['recordingUrl', 'authorization', 'password', 'token', 'secretKey'];

/** JSON lines on stdout; each carries the program's name. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
  });
}
