import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { forwardLogs } from '../../../../infra/kafka/connection/forward-logs.js';
import { ManualClock } from '../../../support/manual-clock.js';

type LogEntry = Parameters<ReturnType<typeof forwardLogs>>[0];

/** Log levels of kafkajs. */
const ERROR = 1;
const INFO = 4;

function start() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const {
        level,
        msg,
        time: _time,
        pid: _pid,
        hostname: _hostname,
        ...fields
      } = JSON.parse(String(chunk)) as {
        readonly [name: string]: unknown;
      };
      lines.push({ level: pino.levels.labels[level as number], msg, ...fields });
      done();
    },
  });
  const clock = new ManualClock();
  const forward = forwardLogs(pino({ level: 'debug' }, stream), clock);
  const log = (message: string, level = ERROR): void => {
    const entry = { timestamp: '', logger: 'kafkajs', message, broker: 'b:9092', retryTime: 300, stack: 'at …' };
    forward(JSON.parse(JSON.stringify({ namespace: 'Connection', level, label: '', log: entry })) as LogEntry);
  };
  return { lines, clock, log };
}

it('logs errors of kafkajs as warnings with its fields', () => {
  const { lines, log } = start();
  log('Connection timeout');
  expect(lines).toEqual([
    { level: 'warn', msg: 'kafkajs Connection: Connection timeout', broker: 'b:9092', retryInMs: 300 },
  ]);
});

it('warns of a repeated message once every ten seconds', async () => {
  const { lines, clock, log } = start();
  for (let i = 0; i < 3; i += 1) log('Connection timeout');
  log('another message');
  await clock.advance(10_000);
  log('Connection timeout');
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'warn', 'warn']);
});

it('does not raise the level of a message', () => {
  const { lines, log } = start();
  log('connected', INFO);
  expect(lines[0]?.['level']).toBe('debug');
});
