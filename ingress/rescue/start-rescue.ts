import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Registry } from 'prom-client';
import { systemClock } from '../../infra/async/clock.js';
import type { Logger } from '../../infra/observability/logger.js';
import { isRescueEnabled } from '../../infra/spool/rescue-settings.js';
import type { Env } from '../../infra/settings/read-settings.js';
import type { EventSink } from '../delivery/event-sink.js';
import { spoolDir, type IngressSettings } from '../settings.js';
import { RescueMetrics } from './rescue-metrics.js';
import { RescueProcess } from './rescue-process.js';

/** The rescue is a program of its own: the ingress starts it and imports nothing of it. */
const SCRIPT = fileURLToPath(new URL('../../processor/rescue.js', import.meta.url));
/** The first worker, which also adopts the spools of others, starts the rescue for all. */
const RESCUER = 1;
/** Share of the drain time that the rescue has to stop. */
const STOP_SHARE = 0.5;
/** Secrets that the rescue has no use for. */
const WITHHELD = /^(KAFKA_|SCHEMA_REGISTRY_|INGRESS_TOKENS|INGRESS_TLS_)/;

export type StartRescueDeps = {
  readonly settings: IngressSettings;
  readonly worker: number;
  readonly sink: EventSink;
  readonly registry: Registry;
  readonly logger: Logger;
};

/** Starts the rescue beside the first worker, if it is enabled. Never fails. */
export function startRescueIfEnabled(deps: StartRescueDeps): { readonly stop: () => Promise<void> } | undefined {
  const { settings, worker, sink, registry, logger } = deps;
  if (worker !== RESCUER || settings.INGRESS_SPOOL_MAX_BYTES === 0 || !isRescueEnabled(settings)) return undefined;
  const rescue = new RescueProcess({
    // In a process group of its own: Ctrl-C reaches only the ingress, which stops the rescue.
    fork: () =>
      fork(SCRIPT, [spoolDir(settings)], { detached: true, execArgv: [], env: rescueEnvironment(process.env) }),
    sink,
    metrics: new RescueMetrics(registry),
    logger,
    clock: systemClock,
  });
  rescue.start();
  return { stop: () => rescue.stop(settings.INGRESS_DRAIN_MS * STOP_SHARE) };
}

function rescueEnvironment(env: Env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !WITHHELD.test(name)));
}
