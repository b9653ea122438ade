import { collectDefaultMetrics, Registry } from 'prom-client';
import { createKafka } from '../infra/kafka/connection/client.js';
import { createLogger } from '../infra/observability/logger.js';
import { startStatusServer } from '../infra/observability/status-server.js';
import { prepareKafka } from '../infra/program/prepare-kafka.js';
import { runProgram, settingsOrExit, type RunningProgram } from '../infra/program/run-program.js';
import { SchemaRegistryClient } from '../infra/schema-registry/client.js';
import { topicNames } from '../schemas/topics.js';
import { hasRole, readProcessorSettings } from './settings.js';

/** Time limit of a graceful shutdown. */
const STOP_WITHIN_MS = 25_000;
/** Sampling interval of the event loop delay. The default of 10 ms would wake an idle process a hundred times a second. */
const LOOP_DELAY_PRECISION_MS = 50;

/** The join or the archive. A process runs one of them or both. */
type ProcessorRole = {
  readonly start: () => Promise<void>;
  readonly readinessFault: () => string | undefined;
  readonly stop: () => Promise<void>;
};

const settings = settingsOrExit('processor', () => readProcessorSettings(process.env));
const logger = createLogger('processor', settings.LOG_LEVEL);

runProgram({ logger, stopWithinMs: STOP_WITHIN_MS, start: startProcessor });

async function startProcessor(fatal: (error: unknown) => void): Promise<RunningProgram> {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: LOOP_DELAY_PRECISION_MS });
  let roles: readonly ProcessorRole[] | undefined = undefined;
  const server = await startStatusServer(settings.PROCESSOR_HOST, settings.PROCESSOR_PORT, {
    metrics,
    readinessFault: () =>
      roles === undefined
        ? 'starting'
        : roles.map((role) => role.readinessFault()).find((fault) => fault !== undefined),
  });
  const created = await createRoles(metrics, fatal);
  await Promise.all(created.map((role) => role.start()));
  roles = created;
  logger.info({ roles: settings.PROCESSOR_ROLES, port: settings.PROCESSOR_PORT }, 'processor started');
  return {
    stop: async () => {
      logger.info('stopping processor');
      await Promise.all(created.map((role) => role.stop()));
      server.close();
    },
  };
}

/** Loads the code of the enabled roles only: the object store's client and its dependencies take about 30 MB, as much as the join. */
async function createRoles(metrics: Registry, onFatal: (error: unknown) => void): Promise<ProcessorRole[]> {
  const topics = topicNames(settings.TOPIC_PREFIX);
  const kafka = createKafka(settings, 'processor', logger);
  const schemaRegistry = new SchemaRegistryClient(settings, logger);
  const { subjectIds, maxRecordBytes } = await prepareKafka({
    settings,
    kafka,
    topics,
    registry: schemaRegistry,
    logger,
    whileRegistryIsAway: 'give-up',
  });
  const shared = { kafka, topics, subjectIds, logger, metrics, onFatal };
  const roles: ProcessorRole[] = [];
  if (hasRole(settings, 'join')) {
    const rules = {
      recordingGraceMs: settings.JOIN_RECORDING_GRACE_MS,
      finalizeTimeoutMs: settings.JOIN_FINALIZE_TIMEOUT_MS,
      retentionMs: settings.JOIN_RETENTION_MS,
      linkLifetimeMs: settings.ARCHIVE_URL_LIFETIME_MS,
    };
    const { JoinRole } = await import('./join/join-role.js');
    const groupId = settings.PROCESSOR_GROUP_ID;
    roles.push(
      new JoinRole({
        ...shared,
        groupId,
        schemaRegistry,
        rules,
        maxRecordBytes,
        compression: settings.KAFKA_COMPRESSION,
      }),
    );
  }
  if (hasRole(settings, 'archive')) {
    const { ArchiveRole } = await import('./archive/archive-role.js');
    roles.push(new ArchiveRole({ ...shared, settings }));
  }
  return roles;
}
