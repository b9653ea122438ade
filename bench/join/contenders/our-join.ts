import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { httpProbe, withReadiness } from '../../../dev/local-stack/services/readiness.js';
import { PROCESSOR_NODE_ARGUMENTS } from '../../../dev/local-stack/process/node-arguments.js';
import { supervise } from '../../../dev/local-stack/process/supervised-process.js';
import type { JoinContender } from './contender.js';
import { freshTopics, PARTITIONS } from '../../site/fresh-topics.js';

export const OUR_JOIN = 'session join';
export const OUR_JOIN_TWICE = 'two processes of it';

/**
 * The join of `dist/processor/main.js` with its defaults, in a group of its own. Its output topics share the input's prefix and are
 * recreated for each run.
 *
 * @param nodeArguments additional arguments for node. @param partitions number of partitions of the input.
 */
export function ourJoin(nodeArguments: readonly string[] = [], partitions = PARTITIONS): JoinContender {
  const name = OUR_JOIN;
  return {
    name,
    prepare: async (site, inputPrefix) => {
      await freshTopics(site.kafka, inputPrefix, partitions);
      const groupId = `${inputPrefix}join-${randomBytes(3).toString('hex')}`;
      return {
        groupId,
        outputPrefix: inputPrefix,
        start: async () => {
          const port = String(await findFreeBase());
          const started = supervise({
            name,
            command: [
              process.execPath,
              ...PROCESSOR_NODE_ARGUMENTS,
              ...nodeArguments,
              join(projectRoot, 'dist/processor/main.js'),
            ],
            env: {
              ...process.env,
              ...site.endpoints,
              TOPIC_PREFIX: inputPrefix,
              TOPIC_PARTITIONS: String(partitions),
              PROCESSOR_ROLES: 'join',
              PROCESSOR_GROUP_ID: groupId,
              PROCESSOR_HOST: '127.0.0.1',
              PROCESSOR_PORT: port,
              LOG_LEVEL: 'warn',
            },
            logFile: join(site.dir, 'logs', 'join.log'),
            graceMs: 30_000,
          });
          return withReadiness(started, httpProbe(`http://127.0.0.1:${port}/readyz`), 120_000);
        },
        cleanUp: () => Promise.resolve(),
      };
    },
  };
}
