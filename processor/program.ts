import { collectDefaultMetrics, Registry } from 'prom-client';
import { createKafka } from '../infra/kafka/connection/client.js';
import { createLogger } from '../infra/observability/logger.js';
import { startStatusServer } from '../infra/observability/status-server.js';
import type { TopicRole } from '../infra/kafka/topics/topic-layout.js';
import {
  eventSchemaPrerequisite,
  schemasPrerequisite,
  topicsPrerequisite,
  type PrepareDeps,
} from '../infra/program/prepare-kafka.js';
import { FileReloader } from '../infra/settings/file-reloader.js';
import { KafkaTlsFiles } from '../infra/settings/kafka-tls-files.js';
import { runProgram, settingsOrExit, type RunningProgram } from '../infra/program/run-program.js';
import { SchemaRegistryClient, type SubjectIds } from '../infra/schema-registry/client.js';
import { topicNames } from '../schemas/topics.js';
import { RoleSlot } from './role-slot.js';
import { processorSecretReloads, readProcessorSettings } from './settings.js';

/** Time limit of a graceful shutdown. */
const STOP_WITHIN_MS = 25_000;
/** Sampling interval of the event loop delay. The default of 10 ms would wake an idle process a hundred times a second. */
const LOOP_DELAY_PRECISION_MS = 50;

const settings = settingsOrExit('processor', () => readProcessorSettings(process.env));
const logger = createLogger('processor', settings.LOG_LEVEL);

type CommonDeps = PrepareDeps & { readonly schemaRegistry: SchemaRegistryClient };
type SharedDeps = CommonDeps & { readonly metrics: Registry; readonly onFatal: (error: unknown) => void };

runProgram({ logger, stopWithinMs: STOP_WITHIN_MS, start: startProcessor });

async function startProcessor(fatal: (error: unknown) => void): Promise<RunningProgram> {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: LOOP_DELAY_PRECISION_MS });
  const kafkaTls = new KafkaTlsFiles(settings);
  const kafka = createKafka(settings, 'processor', logger, kafkaTls);
  const reloads = [...processorSecretReloads(process.env, settings), ...kafkaTls.reloads];
  const reloader = new FileReloader(reloads, logger).start();
  const schemaRegistry = new SchemaRegistryClient(settings);
  const common = { settings, kafka, topics: topicNames(settings.TOPIC_PREFIX), schemaRegistry, logger };
  const shared = { ...common, metrics, onFatal: fatal };
  const slots = settings.PROCESSOR_ROLES.map((name) =>
    name === 'join' ? joinSlot(common, shared) : archiveSlot(common, shared),
  );
  const server = await startStatusServer(settings.PROCESSOR_HOST, settings.PROCESSOR_PORT, {
    metrics,
    faults: () => Object.assign({}, ...slots.map((slot) => slot.faults())) as Record<string, string | undefined>,
  });
  for (const slot of slots) void slot.start().catch(fatal);
  return {
    onReload: reloader.reload,
    stop: async () => {
      logger.info('stopping processor');
      await Promise.all(slots.map((slot) => slot.stop()));
      server.close();
    },
  };
}

/** The code of a role is loaded where it is enabled only: the object store's client takes about 30 MB, as much as the join. */
function joinSlot(common: CommonDeps, shared: SharedDeps): RoleSlot<SubjectIds> {
  return new RoleSlot('join', logger, {
    topics: topicsPrerequisite(common, Object.keys(common.topics) as TopicRole[]),
    schemas: schemasPrerequisite(common),
    create: async ({ maxRecordBytes }, subjectIds) => {
      const { JoinRole } = await import('./join/join-role.js');
      const rules = {
        recordingGraceMs: settings.JOIN_RECORDING_GRACE_MS,
        finalizeTimeoutMs: settings.JOIN_FINALIZE_TIMEOUT_MS,
        retentionMs: settings.JOIN_RETENTION_MS,
        linkLifetimeMs: settings.ARCHIVE_URL_LIFETIME_MS,
      };
      const { PROCESSOR_GROUP_ID: groupId, KAFKA_COMPRESSION: compression } = settings;
      return new JoinRole({ ...shared, groupId, rules, maxRecordBytes, subjectIds, compression });
    },
  });
}

/** Needs the input topic only: a problem with the outputs must not cost a recording. */
function archiveSlot(common: CommonDeps, shared: SharedDeps): RoleSlot<Pick<SubjectIds, 'events'>> {
  return new RoleSlot('archive', logger, {
    topics: topicsPrerequisite(common, ['events']),
    schemas: eventSchemaPrerequisite(common),
    create: async (_report, subjectIds) => {
      const { ArchiveRole } = await import('./archive/archive-role.js');
      return new ArchiveRole({ ...shared, settings, subjectIds });
    },
  });
}
