import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../infra/observability/logger.js';
import { runProgram, settingsOrExit, type RunningProgram } from '../infra/program/run-program.js';
import { claimPort } from './http/server/claim-port.js';
import { loadUws } from './http/server/uws-loader.js';
import { IngressMetrics } from './ingress-metrics.js';
import { readIngressSettings } from './settings.js';
import { startIngress } from './start-ingress.js';
import { Supervisor } from './workers/supervisor.js';
import { WorkerChannel } from './workers/worker-channel.js';

// The ingress. With INGRESS_WORKERS > 1, the supervisor starts each worker with the arguments `worker <number>`.
const settings = settingsOrExit('ingress', () => readIngressSettings(process.env));
const worker = process.argv[2] === 'worker' ? process.argv[3] : undefined;
const logger = createLogger('ingress', settings.LOG_LEVEL).child(worker === undefined ? {} : { worker });

/** Head start of a worker's own drain timeout over its supervisor's kill, so that the worker can log it. */
const SUPERVISOR_GRACE_MS = 1_000;

const stopWithinMs = settings.INGRESS_SHUTDOWN_DELAY_MS + settings.INGRESS_DRAIN_MS;

if (worker !== undefined) {
  runProgram({ logger, stopWithinMs, start: startWorker });
} else if (settings.INGRESS_WORKERS > 1) {
  runProgram({ logger, stopWithinMs: stopWithinMs + 2 * SUPERVISOR_GRACE_MS, start: startWorkers });
} else {
  runProgram({ logger, stopWithinMs, start: startAlone });
}

function startAlone(): Promise<RunningProgram> {
  const metrics = new IngressMetrics();
  const metricsPage = async () => ({
    contentType: metrics.registry.contentType,
    text: await metrics.registry.metrics(),
  });
  return startIngress({ settings, logger, worker: 1, metrics, metricsPage });
}

async function startWorker(): Promise<RunningProgram> {
  const metrics = new IngressMetrics();
  metrics.registry.setDefaultLabels({ worker });
  const channel = new WorkerChannel(metrics.registry);
  const { metricsPage } = channel;
  return startIngress({ settings, logger, worker: Number(worker), metrics, metricsPage });
}

async function startWorkers(): Promise<RunningProgram> {
  // Checked once here, because each restarted worker would fail again.
  loadUws();
  await claimPort(settings.INGRESS_HOST, settings.INGRESS_PORT);
  const supervisor = new Supervisor(
    { workers: settings.INGRESS_WORKERS, drainMs: stopWithinMs + SUPERVISOR_GRACE_MS },
    {
      // In separate process groups: Ctrl-C reaches only the supervisor, which stops the workers.
      fork: (number) => fork(fileURLToPath(import.meta.url), ['worker', String(number)], { detached: true }),
      logger,
    },
  );
  supervisor.start();
  return supervisor;
}
