import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafka, type Kafka } from '../../infra/kafka/connection/client.js';
import { OffsetReader } from '../../infra/kafka/consume/offset-reader.js';
import type { StackEndpoints } from '../../dev/local-stack/endpoints.js';
import { obtainStack } from '../../dev/local-stack/obtain-stack.js';
import type { Log } from '../../dev/local-stack/progress.js';
import { createLogger, type Logger } from '../../infra/observability/logger.js';
import { commonFaults, commonSpecs, type CommonSettings } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { BrokerProcess } from '../../lab/broker-process.js';
import { deleteTopics } from './fresh-topics.js';

/** Where a bench runs: a stack, and a prefix for its own topics. All parts of a run share it. */
export type BenchSite = {
  readonly kafka: Kafka;
  readonly offsets: OffsetReader;
  readonly endpoints: StackEndpoints;
  readonly settings: CommonSettings;
  readonly prefix: string;
  /** Folder for logs and local state; removed afterwards. */
  readonly dir: string;
  /** The broker, if it is a process of this run's own stack; otherwise it cannot be hung, and its CPU is unknown. */
  readonly broker: BrokerProcess | undefined;
  readonly logger: Logger;
  readonly log: Log;
};

/**
 * Runs `work` on a stack, and removes everything it left there.
 * @param signal when aborted, stops the stack at once, whatever the work does, and throws the reason.
 */
export async function withBenchSite<T>(
  log: Log,
  signal: AbortSignal,
  work: (site: BenchSite) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const stack = await obtainStack({ dir, portBase: 'free', log, signal });
    const settings = readSettings({ ...process.env, ...stack.endpoints }, commonSpecs, commonFaults);
    const logger = createLogger('bench', 'silent');
    const kafka = createKafka(settings, 'bench', logger);
    const offsets = new OffsetReader(kafka);
    const prefix = `bench-${randomBytes(3).toString('hex')}.`;
    const broker = stack.mode === 'native' ? new BrokerProcess(dir) : undefined;
    const { endpoints } = stack;
    try {
      await offsets.start();
      return await orAborted(work({ kafka, offsets, endpoints, settings, prefix, dir, broker, logger, log }), signal);
    } finally {
      // A broker that still hangs could not be stopped.
      broker?.resume();
      if (stack.mode === 'given' || stack.mode === 'attached') await deleteTopics(kafka, prefix);
      await offsets.close();
      await stack.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Rejects as soon as the signal is aborted. The abandoned work needs no waiting: its processes exit with this one. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  work.catch(() => undefined);
  return Promise.race([work, aborted]);
}
