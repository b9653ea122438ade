import { expect, it } from 'vitest';
import { RecordRefusedError } from '../../../infra/kafka/produce/event-producer-errors.js';
import { Drainer } from '../../../ingress/delivery/drainer.js';
import { rejectedRecord } from '../../../ingress/delivery/rejected-record.js';
import type { IncomingRecord } from '../../../ingress/record.js';
import { ManualClock } from '../../support/manual-clock.js';
import { silent } from '../../support/stack-settings.js';
import { diskError, MemoryFs } from '../spool/memory-fs.js';
import { event, openSpool } from '../spool/spool-harness.js';

const TOO_LARGE = new RecordRefusedError('Kafka rejects the record', { cause: new Error('MESSAGE_TOO_LARGE') });

async function setUp(keys: readonly string[], isRedirected: boolean) {
  const fs = new MemoryFs();
  const clock = new ManualClock();
  const spool = await openSpool(fs);
  await Promise.all(keys.map((key) => spool.append(event(key))));
  const sent: (string | null)[] = [];
  const rejected: IncomingRecord[] = [];
  const drainer = new Drainer({
    spool,
    logger: silent,
    clock,
    send: ({ key }) => {
      if (key === 'too large') return Promise.reject(TOO_LARGE);
      sent.push(key);
      return Promise.resolve();
    },
    onRejected: (record, error) => {
      rejected.push(rejectedRecord(record, error));
      return Promise.resolve(isRedirected);
    },
    onDrained: () => undefined,
  });
  const drainAll = async () => {
    void drainer.run();
    while (!spool.isEmpty) {
      await new Promise(setImmediate);
      await clock.advance(2_000);
    }
    drainer.stop();
    await spool.close();
  };
  return { fs, sent, rejected, drainAll };
}

it('redirects a record that Kafka rejects, and continues', async () => {
  const { fs, sent, rejected, drainAll } = await setUp(['a', 'too large', 'b'], true);
  await drainAll();
  expect(sent).toEqual(['a', 'b']);
  expect(rejected).toMatchObject([
    {
      stream: 'dead-letter',
      key: 'too large',
      body: Buffer.from('body of too large'),
      headers: { reason: 'refused_by_kafka', errors: '[{"path":"","message":"MESSAGE_TOO_LARGE"}]' },
    },
  ]);
  expect(fs.paths(/./)).toEqual([]);
});

it('keeps the segment if a rejected record has no other place', async () => {
  const { fs, drainAll } = await setUp(['too large', 'b'], false);
  await drainAll();
  expect(fs.paths(/./)).toEqual([expect.stringMatching(/\.spool\.refused-\d+$/)]);
});

it('retries while the disk cannot be read', async () => {
  const { fs, sent, drainAll } = await setUp(['a'], true);
  let failures = 2;
  fs.before = (call) => {
    if (call === 'read' && (failures -= 1) >= 0) throw diskError('EIO');
  };
  await drainAll();
  expect(sent).toEqual(['a']);
  expect(failures).toBeLessThan(0);
});
