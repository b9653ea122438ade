import { join } from 'node:path';
import { sleep, systemClock } from '../../../infra/async/clock.js';
import { produceSessions } from '../../../infra/kafka/produce/produce-session.js';
import { findFreeBase } from '../../../dev/local-stack/tcp-ports.js';
import { projectRoot } from '../../../dev/local-stack/folders.js';
import { startProgram } from '../../../dev/local-stack/process/program.js';
import { topicNames } from '../../../schemas/topics.js';
import { wireHeader } from '../../../schemas/wire-format.js';
import { registerSubjects } from '../../site/schema-ids.js';
import { topicSize } from '../../../lab/topic-size.js';
import { readyRecord } from '../../../lab/source/recording-ready.js';
import { pollUntil } from '../../poll-until.js';
import type { ArchiveContender, ArchiveSite, RecordingLink } from './contender.js';

const SETTLED = { everyMs: 25, timeoutMs: 15 * 60_000 };
const PRODUCE_TIMEOUT_MS = 10_000;
/** Recordings that are announced in one request, and so share a deadline. */
export const ANNOUNCED_PER_REQUEST = 20;
/** Pause between requests: longer than a tick of the broker's clock, so that each request has a later deadline than the one before. */
const REQUEST_PAUSE_MS = 2;

/** The archive of `dist/processor/main.js` with its defaults. */
export const OURS: ArchiveContender = {
  name: 'archive',
  start: async (archiveSite) => {
    const { site, source, bucket, concurrency } = archiveSite;
    const prefix = prefixOf(archiveSite);
    const port = await findFreeBase();
    const spillDir = join(site.dir, 'spill', bucket.name);
    const program = startProgram({
      name: 'archive',
      script: join(projectRoot, 'dist', 'processor', 'main.js'),
      env: {
        ...process.env,
        ...site.endpoints,
        TOPIC_PREFIX: prefix,
        PROCESSOR_ROLES: 'archive',
        PROCESSOR_HOST: '127.0.0.1',
        PROCESSOR_PORT: String(port),
        PROCESSOR_GROUP_ID: `${prefix}bench`,
        LOG_LEVEL: 'warn',
        ARCHIVE_ALLOWED_HOSTS: source.host,
        ARCHIVE_SPILL_DIR: spillDir,
        ARCHIVE_CONCURRENCY: String(concurrency),
        S3_BUCKET: bucket.name,
      },
      logFile: join(site.dir, 'logs', 'archive.log'),
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
    await program.waitReady();
    const pid = await program.pid;
    let announced = 0;
    return {
      pid,
      spillDir,
      announce: async (links) => {
        process.kill(pid, 'SIGSTOP');
        await announce(archiveSite, links);
        announced += links.length;
        return async () => {
          process.kill(pid, 'SIGCONT');
          await untilReported(archiveSite, 2 * announced);
        };
      },
      stop: async () => {
        process.kill(pid, 'SIGCONT');
        await program.stop();
      },
    };
  },
};

/** Prefix of the topics that the archive reads and writes. */
export function prefixOf({ site, bucket }: ArchiveSite): string {
  return `${site.prefix}${bucket.name}.`;
}

/** Writes a `recording.ready` for each link. Their deadlines follow the order of the list. */
export async function announce(
  archiveSite: ArchiveSite,
  links: readonly RecordingLink[],
  { perRequest, pauseMs }: { readonly perRequest: number; readonly pauseMs: number } = {
    perRequest: ANNOUNCED_PER_REQUEST,
    pauseMs: REQUEST_PAUSE_MS,
  },
): Promise<void> {
  const { site } = archiveSite;
  const prefix = prefixOf(archiveSite);
  const header = wireHeader((await registerSubjects(site, prefix)).events);
  const session = await produceSessions(site.kafka)(topicNames(prefix).events, PRODUCE_TIMEOUT_MS);
  try {
    for (let at = 0; at < links.length; at += perRequest) {
      const timestamp = new Date().toISOString();
      const records = links.slice(at, at + perRequest).map(({ sessionId, url }) => {
        return readyRecord({ sessionId, projectId: 'bench', recordingUrl: url, timestamp }, header);
      });
      await session.send(records, PRODUCE_TIMEOUT_MS);
      await sleep(systemClock, pauseMs);
    }
  } finally {
    session.close();
  }
}

/** Waits until `session.events` holds this many records. @throws Error when it takes too long. */
export async function untilReported(archiveSite: ArchiveSite, records: number): Promise<void> {
  const { events } = topicNames(prefixOf(archiveSite));
  const isSettled = async () => (await topicSize(archiveSite.site.offsets, events)) >= records;
  if (await pollUntil(isSettled, SETTLED)) return;
  throw new Error(`${events}: not all recordings are settled after ${SETTLED.timeoutMs / 60_000} minutes`);
}
