import { sleep, systemClock } from '../../infra/async/clock.js';
import type { CompressionType } from '../../infra/kafka/compression/codec.js';
import { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import { produceSessions } from '../../infra/kafka/produce/produce-session.js';
import { wireHeader } from '../../schemas/wire-format.js';
import { cpuMs } from '../../lab/process-usage.js';
import { CALL_EVENTS, eventRecord, type CallEvent } from '../join/call-sessions.js';
import type { BenchSite } from '../site/bench-site.js';
import { bytesPerRecord } from '../site/bytes-per-record.js';

export type Writing = {
  /** In the broker's log; NaN where that cannot be inspected. */
  readonly eventBytes: number;
  /** CPU of this process an event: creating the event, encoding, compressing, sending. */
  readonly cpuMicros: number;
  readonly brokerMicros: number;
};

export type WritingOptions = {
  readonly topic: string;
  readonly compression: CompressionType;
  /** Events a second. */
  readonly rate: number;
  readonly durationMs: number;
};

/** The default of `INGRESS_LINGER_MS`. */
const LINGER_MS = 5;
const HEADER = wireHeader(1);

/** Writes events of interleaved calls through the producer of the ingress. */
export async function measureWriting(site: BenchSite, options: WritingOptions): Promise<Writing> {
  const { topic, compression, rate, durationMs } = options;
  const open = produceSessions(site.kafka, { compression });
  const producer = new EventProducer({ open, topic, name: 'bench', logger: site.logger, lingerMs: LINGER_MS });
  producer.start();
  await producer.send(event(0));
  const brokerPid = site.broker?.pid();
  const brokerBefore = brokerPid === undefined ? NaN : cpuMs(brokerPid);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const count = Math.round((rate * durationMs) / 1_000);
  const sending: Promise<void>[] = [];
  while (sending.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startedAt) / 1_000) * rate));
    while (sending.length < due) sending.push(producer.send(event(sending.length + 1)));
    await sleep(systemClock, 1);
  }
  await Promise.all(sending);
  const { user, system } = process.cpuUsage(before);
  const brokerMs = brokerPid === undefined ? NaN : cpuMs(brokerPid) - brokerBefore;
  await producer.close();
  return {
    eventBytes: (await bytesPerRecord(site, topic)) ?? NaN,
    cpuMicros: (user + system) / count,
    brokerMicros: (brokerMs * 1_000) / count,
  };
}

/** The events of a call come minutes apart: those between them belong to other calls. */
const CALLS_AT_ONCE = 500;

function event(number: number) {
  const wave = Math.floor(number / (CALLS_AT_ONCE * CALL_EVENTS.length));
  const session = wave * CALLS_AT_ONCE + (number % CALLS_AT_ONCE);
  const name = CALL_EVENTS[Math.floor(number / CALLS_AT_ONCE) % CALL_EVENTS.length] as CallEvent;
  return eventRecord({ session, event: name }, HEADER);
}
