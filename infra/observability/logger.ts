import { pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

/** Fields that could carry a secret into a log by accident. `recordingUrl` is a bearer credential and must never be logged. */
const SECRET_FIELDS = ['recordingUrl', 'authorization', 'password', 'token', 'secretKey'];

/** Logs JSON lines to stdout, each with the name of the program. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
  });
}
