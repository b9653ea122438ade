import { systemClock } from '../../infra/async/clock.js';
import { createLogger } from '../../infra/observability/logger.js';
import { settingsOrExit } from '../../infra/program/run-program.js';
import { commonFaults, commonSpecs } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { drainSpool } from './drain-spool.js';
import { kafkaSender } from './kafka-sender.js';

/**
 * `--drain-spool DIR`: sends a spool that an ingress left behind to Kafka. Needs the settings of Kafka and the registry, and no token.
 * Ends the process: with 0 if nothing is left on disk, otherwise with 1 and one line that says what, and what to do.
 */
export async function drainSpoolCommand(dir: string): Promise<never> {
  const settings = settingsOrExit('ingress', () => readSettings(process.env, commonSpecs, commonFaults));
  const logger = createLogger('ingress', settings.LOG_LEVEL);
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  const fail = (message: string): never => {
    process.stderr.write(`ingress: ${message}\n`);
    process.exit(1);
  };
  try {
    const { sent, remaining, setAside } = await drainSpool(dir, {
      sender: kafkaSender(settings, logger, systemClock),
      logger,
      clock: systemClock,
      stopped: stopping.signal,
      say: (line) => process.stdout.write(`${line}\n`),
    });
    if (remaining > 0) return fail(`stopped: ${remaining} records remain in ${dir}, run this again to send them`);
    if (setAside.length > 0) {
      return fail(
        `${sent} records are in Kafka, but these files were set aside, because they are damaged or Kafka refuses one of their records: ` +
          `${setAside.join(', ')}; inspect them, then move them away`,
      );
    }
    process.stdout.write(`done: ${sent} records are in Kafka, ${dir} is empty\n`);
    process.exit(0);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
