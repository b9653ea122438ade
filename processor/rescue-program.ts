import { setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { sleep, systemClock } from '../infra/async/clock.js';
import { createLogger } from '../infra/observability/logger.js';
import { tryLock, type PidLock } from '../infra/program/pid-lock.js';
import { runProgram, settingsOrExit, type RunningProgram } from '../infra/program/run-program.js';
import type { ReportAnswer } from '../infra/spool/rescue-messages.js';
import { isRescueNeeded } from './archive/rescue/rescue-needed.js';
import type { IngressChannel } from './archive/rescue/rescue-reporter.js';
import { readRescueSettings } from './archive/rescue/settings.js';
import { rescueAfterMs } from './archive/recording/rescue-timing.js';

/** Time limit of a stop: transfers are aborted. */
const STOP_WITHIN_MS = 10_000;
/** Below the ingress, which must answer while recordings are rescued. */
const PRIORITY = 10;
const LOCK_INTERVAL_MS = 2_000;
const WATCH_INTERVAL_MS = { min: 250, max: 2_000 };

const settings = settingsOrExit('rescue', () => readRescueSettings(process.env));
const logger = createLogger('rescue', settings.LOG_LEVEL);
const [, , spoolDir] = process.argv;
if (spoolDir === undefined) {
  process.stderr.write('rescue: name the folder of a spool: node dist/processor/rescue.js SPOOL_DIR\n');
  process.exit(1);
}
const root = resolve(spoolDir);
setPriority(PRIORITY);
// The ingress restarts this process; alone it would keep the lock with old code and settings.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

runProgram({ logger, stopWithinMs: STOP_WITHIN_MS, start: (fatal) => Promise.resolve(startWatching(fatal)) });

/** Waits for the spool's lock and for something to rescue, then rescues. */
function startWatching(fatal: (error: unknown) => void): RunningProgram {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = rescueWhenNeeded(signal);
  running.catch(fatal);
  return {
    stop: async () => {
      stopping.abort();
      await running.catch(() => undefined);
    },
  };
}

async function rescueWhenNeeded(stopped: AbortSignal): Promise<void> {
  const lock = await acquireLock(stopped);
  const afterMs = rescueAfterMs(settings.ARCHIVE_URL_LIFETIME_MS);
  const intervalMs = Math.max(WATCH_INTERVAL_MS.min, Math.min(WATCH_INTERVAL_MS.max, afterMs / 10));
  while (!stopped.aborted && !(await isRescueNeeded(root, systemClock.now() - afterMs))) {
    await sleep(systemClock, intervalMs, stopped);
  }
  if (!stopped.aborted) {
    // Only now: the object store's client and its dependencies take about 30 MB.
    const { startRescue } = await import('./archive/rescue/rescue-start.js');
    const channel = ingressChannel();
    const onState = (state: Parameters<Parameters<typeof startRescue>[0]['onState']>[0]): void => {
      channel?.send({ kind: 'state', state });
    };
    const rescue = await startRescue({ root, settings, channel, clock: systemClock, logger, onState });
    logger.info({ dir: root }, 'watching the spool for recordings to rescue');
    await untilAborted(stopped);
    await rescue.stop();
  }
  lock?.release();
}

/** One rescue for each spool: during a rolling restart, two ingresses share it. `undefined` if stopped first. */
async function acquireLock(stopped: AbortSignal): Promise<PidLock | undefined> {
  for (let isFirst = true; !stopped.aborted; isFirst = false) {
    const lock = tryLock(join(root, 'rescue.lock'));
    if ('release' in lock) return lock;
    if (isFirst) logger.info({ dir: root, holder: lock.holder }, 'another process rescues from this spool, waiting');
    await sleep(systemClock, LOCK_INTERVAL_MS, stopped);
  }
  return undefined;
}

function ingressChannel(): IngressChannel | undefined {
  if (process.send === undefined) return undefined;
  return {
    // Errors are ignored: an ingress that has died causes `disconnect`.
    send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onAnswer: (listener) => void process.on('message', (answer) => listener(answer as ReportAnswer)),
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((settle) => signal.addEventListener('abort', () => settle(), { once: true }));
}
