import type { Logger } from '../observability/logger.js';
import { SettingsError } from '../settings/read-settings.js';

/** A program that has started. */
export type RunningProgram = {
  /** Ends the work in order: nothing accepted is lost, nothing in progress is cut. */
  readonly stop: () => Promise<void>;
};

export type ProgramOptions = {
  readonly logger: Logger;
  /** How long `stop` may take; then the process exits with 1. */
  readonly stopWithinMs: number;
  /**
   * @param fatal call it when the program cannot go on: it is stopped, and the process exits with 1 for its supervisor to start it again.
   */
  readonly start: (fatal: (error: unknown) => void) => Promise<RunningProgram>;
};

/**
 * Reads a program's settings; where they are wrong, prints every fault in plain text and exits with 1 before anything is started.
 */
export function settingsOrExit<S>(program: string, read: () => S): S {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${program}: ${error.message}\n`);
    process.exit(1);
  }
}

/**
 * The life of a program: starts it, stops it on SIGTERM or SIGINT and exits with 0; exits with 1 when it fails to start, fails later,
 * does not stop in time, or throws where nobody catches. A second signal exits at once.
 */
export function runProgram({ logger, stopWithinMs, start }: ProgramOptions): void {
  let stopping = false;
  // A stop that comes while the program is starting waits for the start: half-open connections are no state to stop from.
  const started = Promise.resolve().then(() => start((error) => fail(error, 'the program cannot go on')));

  const stop = (exitCode: number): void => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => {
      logger.fatal({ stopWithinMs }, 'did not stop in time');
      process.exit(1);
    }, stopWithinMs).unref();
    void started
      .then((program) => program.stop())
      .then(
        () => process.exit(exitCode),
        (error: unknown) => {
          logger.fatal({ err: error }, 'did not stop well');
          process.exit(1);
        },
      );
  };
  const fail = (error: unknown, message: string): void => {
    logger.fatal({ err: error }, message);
    if (!stopping) stop(1);
  };

  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
  process.on('uncaughtException', (error) => fail(error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => fail(error, 'unhandled rejection'));
  started.catch((error: unknown) => {
    logger.fatal({ err: error }, 'did not start');
    process.exit(1);
  });
}
