import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafka, type Kafka } from '../../infra/kafka/client.js';
import { OffsetReader } from '../../infra/kafka/offset-reader.js';
import type { StackEndpoints } from '../../infra/local-stack/endpoints.js';
import { obtainStack } from '../../infra/local-stack/obtain-stack.js';
import type { Log } from '../../infra/local-stack/progress.js';
import { createLogger, type Logger } from '../../infra/observability/logger.js';
import { commonFaults, commonSpecs, type CommonSettings } from '../../infra/settings/common.js';
import { readSettings } from '../../infra/settings/read-settings.js';
import { deleteTopics } from './fresh-topics.js';

/** Where a bench takes place: a stack, and a prefix that no one else's topics have. */
export type BenchSite = {
  readonly kafka: Kafka;
  readonly offsets: OffsetReader;
  readonly endpoints: StackEndpoints;
  readonly settings: CommonSettings;
  readonly prefix: string;
  /** Folder for logs and local state; gone afterwards. */
  readonly dir: string;
  readonly logger: Logger;
  readonly log: Log;
};

/** Does `work` on a stack, and removes all that it left there. */
export async function onSite<T>(log: Log, work: (site: BenchSite) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-join-'));
  const stack = await obtainStack({ dir, portBase: 'free', log });
  const settings = readSettings({ ...process.env, ...stack.endpoints }, commonSpecs, commonFaults);
  const logger = createLogger('bench', 'silent');
  const kafka = createKafka(settings, 'bench', logger);
  const offsets = new OffsetReader(kafka);
  const prefix = `bench-${randomBytes(3).toString('hex')}.`;
  try {
    await offsets.start();
    return await work({ kafka, offsets, endpoints: stack.endpoints, settings, prefix, dir, logger, log });
  } finally {
    if (stack.mode === 'given' || stack.mode === 'attached') await deleteTopics(kafka, prefix);
    await offsets.close();
    await stack.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
