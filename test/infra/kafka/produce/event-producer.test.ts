import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventProducer, type EventProducerOptions } from '../../../../infra/kafka/produce/event-producer.js';
import { NotAcknowledgedError, RecordRefusedError } from '../../../../infra/kafka/produce/event-producer-errors.js';
import { codeOf } from '../../../../infra/kafka/protocol/error-codes.js';
import { ProtocolError } from '../../../../infra/kafka/protocol/protocol-error.js';
import { silent } from '../../../support/stack-settings.js';
import { ScriptedSessions } from './scripted-sessions.js';

let kafka: ScriptedSessions;
let producer: EventProducer;

function start(options: Partial<EventProducerOptions> = {}): void {
  producer = new EventProducer({
    open: kafka.open,
    topic: 'events',
    name: 'test',
    logger: silent,
    lingerMs: 0,
    maxInFlight: 1,
    ...options,
  });
  producer.start();
}

const send = (value: string, key: string | null = value) => producer.send({ key, value: Buffer.from(value) });
const withdrawn = () => producer.withdraw().map(({ value }) => String(value));

beforeEach(() => {
  kafka = new ScriptedSessions();
});
afterEach(async () => {
  await producer.close();
});

describe('batches', () => {
  it('collect the records that arrive while others are in flight', async () => {
    start();
    const first = send('a');
    const a = await kafka.next();
    const others = [send('b'), send('c')];
    expect(kafka.unread).toBe(0);
    a.acknowledge();
    await first;
    const bc = await kafka.next();
    expect(bc.values).toEqual(['b', 'c']);
    bc.acknowledge();
    await Promise.all(others);
    expect(producer.pending).toBe(0);
  });

  it('are in flight together up to the limit, and each settles by itself', async () => {
    start({ maxInFlight: 2 });
    const a = send('a');
    const first = await kafka.next();
    const b = send('b');
    const second = await kafka.next();
    const c = send('c');
    expect(kafka.unread).toBe(0);
    expect(producer.pending).toBe(3);
    second.acknowledge();
    await b;
    const third = await kafka.next();
    expect(third.values).toEqual(['c']);
    first.acknowledge();
    third.acknowledge();
    await Promise.all([a, c]);
  });

  it('linger for more records', async () => {
    start({ lingerMs: 20 });
    const all = [send('a'), send('b')];
    const batch = await kafka.next();
    expect(batch.values).toEqual(['a', 'b']);
    batch.acknowledge();
    await Promise.all(all);
  });

  it('do not linger when they are large enough, and keep the size limit', async () => {
    start({ lingerMs: 60_000, maxBatchBytes: 1_000 });
    const all = ['a', 'b', 'c'].map((letter) => send(letter.repeat(400)));
    const batch = await kafka.next();
    expect(batch.values.map(([letter]) => letter)).toEqual(['a']);
    batch.acknowledge();
    const rest = await kafka.next();
    expect(rest.values.map(([letter]) => letter)).toEqual(['b']);
    rest.acknowledge();
    const closed = producer.close();
    (await kafka.next()).acknowledge();
    await Promise.all([...all, closed]);
  });
});

describe('a batch that fails', () => {
  it('is sent again through a new session, in order, before later records', async () => {
    start();
    const all = [send('a')];
    const a = await kafka.next();
    all.push(send('b'));
    a.fail(new Error('timed out'));
    const again = await kafka.next();
    expect(again).toMatchObject({ session: 2, values: ['a', 'b'] });
    again.acknowledge();
    await Promise.all(all);
    expect(kafka.closed).toBe(1);
  });

  it('is also one without an answer in time', async () => {
    start({ requestTimeoutMs: 20 });
    const sent = send('a');
    await kafka.next();
    const again = await kafka.next();
    expect(again.session).toBe(2);
    again.acknowledge();
    await sent;
  });

  it('fails the batches after it, and all are sent again in order', async () => {
    start({ maxInFlight: 3 });
    const all = [send('a')];
    const a = await kafka.next();
    all.push(send('b'));
    const b = await kafka.next();
    all.push(send('c'));
    const c = await kafka.next();
    all.push(send('d'));
    b.acknowledge();
    await all[1];
    const d = await kafka.next();
    a.fail(new Error('connection lost'));
    const again = await kafka.next();
    expect(again).toMatchObject({ session: 2, values: ['a', 'c', 'd'] });
    // Late answers of the old session have no effect.
    c.fail(new Error('connection lost'));
    d.fail(new Error('connection lost'));
    again.acknowledge();
    await Promise.all(all);
    expect(kafka.opened).toBe(2);
  });

  it('may be acknowledged later: its records settle once', async () => {
    start({ maxInFlight: 2 });
    const a = send('a');
    const first = await kafka.next();
    const b = send('b');
    (await kafka.next()).fail(new Error('connection lost'));
    const again = await kafka.next();
    first.acknowledge();
    await a;
    again.acknowledge();
    await b;
  });

  it('is visible in the state of the producer until the next acknowledgement', async () => {
    start();
    const sent = send('a');
    const a = await kafka.next();
    expect(producer.isConnected).toBe(true);
    expect(producer.acknowledgedAt).toBeUndefined();
    kafka.openFailures.push(new Error('connection refused'));
    a.fail(new Error('connection lost'));
    const again = await kafka.next();
    expect(producer.acknowledgedAt).toBeUndefined();
    again.acknowledge();
    await sent;
    expect(producer.isConnected).toBe(true);
    expect(producer.acknowledgedAt).toBeGreaterThan(0);
  });
});

describe('a record', () => {
  it('is rejected when Kafka cannot be reached within the delivery timeout', async () => {
    kafka.openFailures.push(...Array.from({ length: 100 }, () => new Error('connection refused')));
    start({ deliveryTimeoutMs: 30 });
    await expect(send('a')).rejects.toThrow(NotAcknowledgedError);
    expect(producer.pending).toBe(0);
    kafka.openFailures.length = 0;
  });

  it('is rejected while in flight, and not sent again', async () => {
    // Longer than the first backoff, or the second record would expire too.
    start({ deliveryTimeoutMs: 200 });
    const sent = send('a');
    const a = await kafka.next();
    await expect(sent).rejects.toThrow(NotAcknowledgedError);
    a.fail(new Error('timed out'));
    const later = send('b');
    const b = await kafka.next();
    expect(b.values).toEqual(['b']);
    b.acknowledge();
    await later;
  });

  it('that the broker refuses is the only one rejected', async () => {
    start();
    const blocker = send('first');
    const first = await kafka.next();
    const all = ['a', 'refused', 'c'].map((value) => send(value));
    const results = Promise.allSettled(all);
    first.acknowledge();
    await blocker;
    for (let answered = 0; answered < 3;) {
      const batch = await kafka.next();
      if (batch.values.includes('refused')) batch.fail(new ProtocolError(codeOf('MESSAGE_TOO_LARGE')));
      else batch.acknowledge();
      if (!batch.values.includes('refused') || batch.values.length === 1) answered += batch.values.length;
    }
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(all[1]).rejects.toThrow(RecordRefusedError);
  });

  it('is rejected after the producer is closed', async () => {
    start();
    await producer.close();
    await expect(send('a')).rejects.toThrow(NotAcknowledgedError);
  });
});

describe('withdraw', () => {
  it('returns records in flight and queued ones, in order, and sends none of them again', async () => {
    start();
    void send('a');
    const a = await kafka.next();
    void send('b');
    void send('c');
    expect(withdrawn()).toEqual(['a', 'b', 'c']);
    expect(producer.pending).toBe(0);
    // The connection is busy with withdrawn records.
    expect(producer.isConnected).toBe(false);
    a.fail(new Error('timed out'));
    const later = send('d');
    const d = await kafka.next();
    expect(d.values).toEqual(['d']);
    d.acknowledge();
    await later;
    expect(producer.isConnected).toBe(true);
  });

  it('is possible before a failed batch is sent again', async () => {
    const taken: string[] = [];
    start({ onTrouble: () => taken.push(...withdrawn()) });
    void send('a');
    const a = await kafka.next();
    void send('b');
    a.fail(new Error('connection lost'));
    const later = send('c');
    void later;
    await expect.poll(() => taken).toEqual(['a', 'b', 'c']);
  });

  it('still settles a record in flight that is acknowledged later', async () => {
    start();
    const sent = send('a');
    const a = await kafka.next();
    producer.withdraw();
    a.acknowledge();
    await sent;
    expect(producer.isConnected).toBe(true);
  });

  it('is requested once when a record is overdue', async () => {
    const reasons: string[] = [];
    start({ deliveryTimeoutMs: 100, onTrouble: (reason) => reasons.push(reason) });
    const first = send('a');
    (await kafka.next()).acknowledge();
    await first;
    const second = send('b');
    const b = await kafka.next();
    await expect(second).rejects.toThrow(NotAcknowledgedError);
    b.fail(new Error('timed out'));
    expect(reasons).toEqual(['not acknowledged within 100 ms']);
  });
});

describe('close', () => {
  it('sends what is queued without lingering, and disconnects', async () => {
    start({ lingerMs: 60_000 });
    const sent = send('a');
    const closed = producer.close();
    (await kafka.next()).acknowledge();
    await Promise.all([sent, closed]);
    expect(kafka.closed).toBe(1);
  });
});
