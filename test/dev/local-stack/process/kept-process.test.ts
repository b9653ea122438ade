import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepRunning } from '../../../../dev/local-stack/process/kept-process.js';
import type { Exit, ReadyProcess } from '../../../../dev/local-stack/process/supervised-process.js';

beforeEach(() => {
  vi.useFakeTimers();
  // The longest delay that the backoff's jitter allows.
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A process that ends when the test ends it, or when it is stopped. */
function fakeProcess() {
  let end: (exit: Exit) => void = () => undefined;
  const exited = new Promise<Exit>((settle) => (end = settle));
  const stop = vi.fn(() => {
    end({ code: 0, signal: null });
    return exited;
  });
  const fake: ReadyProcess = {
    name: 'processor',
    logFile: '/logs/processor.log',
    pid: Promise.resolve(1),
    exited,
    stop,
    kill: stop,
    lastLogLines: () => [],
    waitReady: () => Promise.resolve(),
  };
  return { fake, end, stop };
}

function keptFakes() {
  const processes = [fakeProcess()];
  const log: string[] = [];
  const first = processes[0] as ReturnType<typeof fakeProcess>;
  const start = () => {
    const next = fakeProcess();
    processes.push(next);
    return next.fake;
  };
  const kept = keepRunning(first.fake, start, (line) => log.push(line));
  return { kept, processes, log, die: () => processes.at(-1)?.end({ code: 137, signal: null }) };
}

test('restarts a process that dies after a delay, and logs both', async () => {
  const { kept, processes, log, die } = keptFakes();
  die();
  await vi.advanceTimersByTimeAsync(249);
  expect(processes).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(processes).toHaveLength(2);
  expect(log).toEqual([
    'processor died (exit code 137), restarting it; its log: /logs/processor.log',
    'processor is ready again',
  ]);
  await kept.stop();
  expect(processes[1]?.stop).toHaveBeenCalled();
});

test('doubles the delay while the process keeps dying, and starts over once it has run for a while', async () => {
  const { kept, processes, die } = keptFakes();
  for (const pauseMs of [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    die();
    const before = processes.length;
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(processes).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(processes).toHaveLength(before + 1);
  }
  await vi.advanceTimersByTimeAsync(31_000);
  die();
  const before = processes.length;
  await vi.advanceTimersByTimeAsync(250);
  expect(processes).toHaveLength(before + 1);
  await kept.stop();
});

test('does not restart a process that ends with exit code 0', async () => {
  const { processes, log, kept } = keptFakes();
  processes[0]?.end({ code: 0, signal: null });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(processes).toHaveLength(1);
  expect(log).toEqual(['processor ended by itself (exit code 0) and is not restarted']);
  await kept.stop();
});

test('starts nothing after stop, even when a restart was pending', async () => {
  const { processes, kept, die } = keptFakes();
  die();
  await vi.advanceTimersByTimeAsync(100);
  await kept.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(processes).toHaveLength(1);
});
