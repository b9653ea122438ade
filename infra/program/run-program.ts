import { backgroundClock, type Clock } from '../async/clock.js';
import type { Logger } from '../observability/logger.js';
import { SettingsError } from '../settings/read-settings.js';

/** A started program. */
export type RunningProgram = {
  /** Ends the work gracefully: loses nothing that was accepted and interrupts nothing in progress. */
  readonly stop: () => Promise<void>;
  /** Called on SIGHUP, once the program has started: reads its files again. Without it, SIGHUP does nothing. */
  readonly onReload?: () => void | Promise<void>;
};

export type ProgramOptions = {
  readonly logger: Logger;
  /** Time limit of `stop`; then the process exits with 1. */
  readonly stopWithinMs: number;
  /**
   * @param fatal call it when the program cannot continue: it is stopped, and the process exits with 1 so that its supervisor restarts it.
   */
  readonly start: (fatal: (error: unknown) => void) => Promise<RunningProgram>;
  readonly clock?: Clock;
};

/** Reads the settings of a program. If they are wrong, prints every fault in plain text and exits with 1 before anything is started. */
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
 * Runs a program from its start to its exit. On SIGTERM or SIGINT it stops the program and exits with 0. SIGINT while it stops exits at
 * once; SIGTERM does not, because some supervisors send it more than once. SIGHUP calls `onReload`. The process exits with 1 when the
 * program fails to start, fails later, does not stop in time, or throws an error that nothing catches.
 */
export function runProgram({ logger, stopWithinMs, start, clock = backgroundClock }: ProgramOptions): void {
  let stopping = false;
  // A stop during the start waits for it, because half-open connections cannot be closed cleanly.
  const started = Promise.resolve().then(() => start((error) => fail(error, 'fatal error, the program stops')));

  const stop = (exitCode: number): void => {
    if (stopping) return;
    stopping = true;
    clock.after(stopWithinMs, () => {
      logger.fatal({ stopWithinMs }, 'the program did not stop in time, exiting now');
      process.exit(1);
    });
    void started
      .then((program) => program.stop())
      .then(
        () => process.exit(exitCode),
        (error: unknown) => {
          logger.fatal({ err: error }, 'error while stopping the program');
          process.exit(1);
        },
      );
  };
  const fail = (error: unknown, message: string): void => {
    logger.fatal({ err: error }, message);
    if (!stopping) stop(1);
  };

  const reload = async (): Promise<void> => {
    const { onReload } = await started;
    if (onReload === undefined) logger.info('SIGHUP ignored: this program has nothing to reload');
    else await onReload();
  };

  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => (stopping ? process.exit(1) : stop(0)));
  process.on('SIGHUP', () => {
    reload().catch((error: unknown) => logger.error({ err: error }, 'reload failed, the program continues as it was'));
  });
  process.on('uncaughtException', (error) => fail(error, 'uncaught exception, the program stops'));
  process.on('unhandledRejection', (error) => fail(error, 'unhandled rejection, the program stops'));
  started.catch((error: unknown) => {
    logger.fatal({ err: error }, 'the program failed to start');
    process.exit(1);
  });
}
