import { expect, it } from 'vitest';
import { RecordRefusedError } from '../../../infra/kafka/produce/event-producer-errors.js';
import { Drainer } from '../../../ingress/delivery/drainer.js';
import type { IncomingRecord } from '../../../ingress/delivery/event-sink.js';
import { refusedByKafka } from '../../../ingress/delivery/refused-by-kafka.js';
import { silent } from '../../support/stack-settings.js';
import { diskError, MemoryFs } from '../spool/memory-fs.js';
import { event, openSpool } from '../spool/spool-harness.js';

const TOO_LARGE = new RecordRefusedError('Kafka refuses the record', { cause: new Error('MESSAGE_TOO_LARGE') });

async function drain(keys: readonly string[], hasPlace: boolean) {
  const fs = new MemoryFs();
  const spool = await openSpool(fs);
  await Promise.all(keys.map((key) => spool.append(event(key))));
  const sent: (string | null)[] = [];
  const refused: IncomingRecord[] = [];
  const drainer = new Drainer({
    spool,
    logger: silent,
    send: ({ key }) => {
      if (key === 'poison') return Promise.reject(TOO_LARGE);
      sent.push(key);
      return Promise.resolve();
    },
    onRefused: (record, error) => {
      refused.push(refusedByKafka(record, error));
      return Promise.resolve(hasPlace);
    },
    onDrained: () => undefined,
  });
  const emptied = new Promise<void>((resolve) => (spool.onChange = () => spool.isEmpty && resolve()));
  return { fs, spool, sent, refused, drainer, emptied };
}

it('puts a record that Kafka refuses elsewhere, and goes on', async () => {
  const { fs, spool, sent, refused, drainer, emptied } = await drain(['a', 'poison', 'b'], true);
  void drainer.run();
  await emptied;
  drainer.stop();
  await spool.close();
  expect(sent).toEqual(['a', 'b']);
  expect(refused).toMatchObject([
    {
      stream: 'dead-letter',
      key: 'poison',
      body: Buffer.from('body of poison'),
      headers: { reason: 'refused_by_kafka', errors: '[{"path":"","message":"MESSAGE_TOO_LARGE"}]' },
    },
  ]);
  expect(fs.paths(/./)).toEqual([]);
});

it('keeps the segment when there is no other place', async () => {
  const { fs, spool, drainer, emptied } = await drain(['poison', 'b'], false);
  void drainer.run();
  await emptied;
  drainer.stop();
  await spool.close();
  expect(fs.paths(/./)).toEqual([expect.stringMatching(/\.spool\.refused-\d+$/)]);
});

it('waits for a disk that cannot be read', async () => {
  const { fs, spool, sent, drainer, emptied } = await drain(['a'], true);
  let failures = 2;
  fs.before = (call) => {
    if (call === 'read' && (failures -= 1) >= 0) throw diskError('EIO');
  };
  void drainer.run();
  await emptied;
  drainer.stop();
  await spool.close();
  expect(sent).toEqual(['a']);
});
