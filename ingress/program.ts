import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../infra/observability/logger.js';
import { runProgram, settingsOrExit, type RunningProgram } from '../infra/program/run-program.js';
import { claimPort } from './http/server/claim-port.js';
import { loadUws } from './http/server/uws-loader.js';
import { IngressMetrics } from './ingress-metrics.js';
import { readIngressSettings } from './settings.js';
import { NewerSpoolError } from './spool/segments/segment-files.js';
import { startIngress } from './start-ingress.js';
import { SpoolUnusableError } from './delivery/open-when-possible.js';
import { Supervisor } from './workers/supervisor.js';
import { WorkerChannel } from './workers/worker-channel.js';

// The ingress; with the arguments `worker <number>` it is one of several, started by the first.
const settings = settingsOrExit('ingress', () => readIngressSettings(process.env));
const worker = process.argv[2] === 'worker' ? process.argv[3] : undefined;
const logger = createLogger('ingress', settings.LOG_LEVEL).child(worker === undefined ? {} : { worker });

/** A worker that has used up its time says so itself, before its supervisor kills it. */
const SUPERVISOR_GRACE_MS = 1_000;

if (worker !== undefined) {
  runProgram({ logger, stopWithinMs: settings.INGRESS_DRAIN_MS, start: startWorker });
} else if (settings.INGRESS_WORKERS > 1) {
  runProgram({ logger, stopWithinMs: settings.INGRESS_DRAIN_MS + 2 * SUPERVISOR_GRACE_MS, start: startWorkers });
} else {
  runProgram({ logger, stopWithinMs: settings.INGRESS_DRAIN_MS, start: startAlone });
}

function startAlone(fatal: (error: unknown) => void): Promise<RunningProgram> {
  const metrics = new IngressMetrics();
  const metricsPage = async () => ({
    contentType: metrics.registry.contentType,
    text: await metrics.registry.metrics(),
  });
  return startIngress({ settings, logger, worker: 1, metrics, metricsPage, onUnfit: fatal });
}

async function startWorker(fatal: (error: unknown) => void): Promise<RunningProgram> {
  const metrics = new IngressMetrics();
  metrics.registry.setDefaultLabels({ worker });
  const channel = new WorkerChannel(metrics.registry);
  const onUnfit = (error: unknown) => {
    channel.reportUnfit(error);
    fatal(error);
  };
  try {
    const { metricsPage } = channel;
    return await startIngress({ settings, logger, worker: Number(worker), metrics, metricsPage, onUnfit });
  } catch (error) {
    // No other worker in its place could use the spool either.
    if (error instanceof NewerSpoolError || error instanceof SpoolUnusableError) channel.reportUnfit(error);
    throw error;
  }
}

async function startWorkers(fatal: (error: unknown) => void): Promise<RunningProgram> {
  // Found out here, once, and not by each worker again and again.
  loadUws();
  await claimPort(settings.INGRESS_HOST, settings.INGRESS_PORT);
  const supervisor = new Supervisor({
    workers: settings.INGRESS_WORKERS,
    // In process groups of their own: a Ctrl-C is for the supervisor, which passes it on once.
    fork: (number) => fork(fileURLToPath(import.meta.url), ['worker', String(number)], { detached: true }),
    logger,
    drainMs: settings.INGRESS_DRAIN_MS + SUPERVISOR_GRACE_MS,
    onUnfit: fatal,
  });
  supervisor.start();
  return supervisor;
}
