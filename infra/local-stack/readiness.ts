import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { StackError } from './stack-error.js';
import type { ReadyProcess, SupervisedProcess } from './supervised-process.js';

/** Asks a service once whether it is ready. Must settle by itself within a few seconds; a rejection counts as no. */
export type Probe = () => Promise<boolean>;

const ASK_EVERY_MS = 100;
const PROBE_TIMEOUT_MS = 3_000;

/**
 * Asks until the service says that it is ready.
 * @throws StackError when `deadlineMs` is over, and the signal's reason when it is aborted.
 */
export async function untilReady(name: string, probe: Probe, deadlineMs: number, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await probe().catch(() => false))) {
    signal?.throwIfAborted();
    if (performance.now() > end)
      throw new StackError(`${name} was not ready within ${Math.round(deadlineMs / 1000)} s`);
    await delay(ASK_EVERY_MS, undefined, { signal });
  }
}

/**
 * Lets a process of ours be waited for: as {@link untilReady}, but its end while it starts is an error at once, and the
 * error shows the end of its log.
 */
export function withReadiness(started: SupervisedProcess, probe: Probe, deadlineMs: number): ReadyProcess {
  return {
    ...started,
    waitReady: async (options = {}) => {
      const { signal } = options;
      const gone = new AbortController();
      void started.exited.then(({ code, signal: by }) =>
        gone.abort(new StackError(`${started.name} ended while it was starting (${by ?? `exit code ${code ?? '?'}`})`)),
      );
      const either = signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal]);
      try {
        await untilReady(started.name, probe, options.deadlineMs ?? deadlineMs, either);
        gone.signal.throwIfAborted();
      } catch (error) {
        signal?.throwIfAborted();
        const cause = (gone.signal.aborted ? gone.signal.reason : error) as Error;
        const tail = started.lastLogLines(15).map((line) => `\n  | ${line}`);
        throw new StackError(`${cause.message}; its log: ${started.logFile}${tail.join('')}`, { cause });
      }
    },
  };
}

/** Ready when a GET answers with one of `statuses` (default: 200). */
export function httpProbe(
  url: string,
  options: { statuses?: readonly number[]; headers?: Record<string, string> } = {},
): Probe {
  return async () => {
    const response = await fetch(url, {
      headers: options.headers ?? {},
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return (options.statuses ?? [200]).includes(response.status);
  };
}

/** Ready when a TCP connection is accepted. */
export function tcpProbe(host: string, port: number): Probe {
  return () => exchange(host, port, undefined).then(() => true);
}

/**
 * Ready when a broker names at least one live broker in its metadata: a broker that has opened its port, but that its
 * controller still fences, names none.
 */
export function kafkaProbe(host: string, port: number): Probe {
  // size, api key 3 (Metadata), version 4, correlation id 1, client id null, topics [], no automatic creation
  const request = Buffer.from('0000000f0003000400000001ffff0000000000', 'hex');
  return async () => {
    const response = await exchange(host, port, request);
    // size, correlation id, throttle time, count of brokers
    return response.length >= 16 && response.readInt32BE(4) === 1 && response.readInt32BE(12) > 0;
  };
}

/** Connects, sends `request` if there is one, and takes the first 16 bytes of the answer. */
function exchange(host: string, port: number, request: Buffer | undefined): Promise<Buffer> {
  return new Promise((settle, fail) => {
    let received: Buffer = Buffer.alloc(0);
    const socket = connect({ host, port }, () => {
      if (request === undefined) done();
      else socket.write(request);
    });
    const done = () => {
      settle(received);
      socket.destroy();
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 16) done();
    });
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('closed')));
  });
}
