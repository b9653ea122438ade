import TinyQueue from 'tinyqueue';
import type { EventProducer } from '../../infra/kafka/produce/event-producer.js';
import type { Kafka } from '../../infra/kafka/connection/client.js';
import type { JoinRules } from '../../processor/join/rules/rules.js';
import { cloudEventHeaders } from '../../schemas/cloud-events.js';
import { encodeWire, wireHeader } from '../../schemas/wire-format.js';
import type { SentEvent } from '../oracle/history.js';
import type { Random } from '../../lab/random.js';
import { soakProducer } from '../soak-producer.js';
import { sessionScript, type TimedEvent } from './session-script.js';

export type SessionLoadOptions = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly schemaId: number;
  /** New sessions per second. */
  readonly rate: number;
  readonly rules: JoinRules;
  readonly random: Random;
};

const TICK_MS = 20;
/** Share of sessions with a record that cannot be joined. */
const DEAD_LETTER_SHARE = 1 / 2_000;

/** Writes the events of new sessions to `session.events` at a steady rate, each at its time. They wait while the broker is unavailable. */
export class SessionLoad {
  readonly sent: (SentEvent & { isAcknowledged: boolean })[] = [];
  sessions = 0;
  private readonly due = new TinyQueue<TimedEvent & { readonly at: number }>([], (a, b) => a.at - b.at);
  private readonly header: Buffer;
  private readonly producer: EventProducer;
  private ticker: NodeJS.Timeout | undefined;
  private isEnding = false;
  private onSent: () => void = () => undefined;

  constructor(private readonly options: SessionLoadOptions) {
    this.header = wireHeader(options.schemaId);
    this.producer = soakProducer(options.kafka, options.topic);
  }

  start(): void {
    this.producer.start();
    const { rate } = this.options;
    const start = performance.now();
    this.ticker = setInterval(() => {
      const now = performance.now();
      while (!this.isEnding && this.sessions < ((now - start) / 1000) * rate) this.begin(now);
      for (let next; (next = this.due.peek()) !== undefined && next.at <= now;) {
        this.due.pop();
        this.send(next);
      }
      if (this.isEnding && this.due.length === 0) this.onSent();
    }, TICK_MS);
  }

  /** Starts no more sessions. Resolves when all events have been sent and acknowledged. */
  async finish(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      this.onSent = resolve;
      this.isEnding = true;
    });
    await this.stop();
  }

  async stop(): Promise<void> {
    clearInterval(this.ticker);
    await this.producer.close();
  }

  private begin(now: number): void {
    const { random, rules } = this.options;
    const sessionId = `session-${this.sessions++}`;
    for (const timed of sessionScript(random, sessionId, rules)) this.due.push({ ...timed, at: now + timed.afterMs });
    if (random() < DEAD_LETTER_SHARE) this.write(sessionId, Buffer.from('{"event":'), sessionId);
  }

  private send({ event }: TimedEvent): void {
    this.write(event.sessionId, encodeWire(this.header, JSON.stringify(event)), event.event);
  }

  private write(sessionId: string, value: Buffer, type: string): void {
    const id = `e-${this.sent.length}`;
    const sent = { id, sessionId, isAcknowledged: false };
    this.sent.push(sent);
    const headers = cloudEventHeaders({ id, type, source: '/ingress/pathors', time: new Date().toISOString() });
    this.producer
      .send({ key: sessionId, value, headers })
      .then(() => (sent.isAcknowledged = true))
      // Not acknowledged: the event may be in the log or not. The history records it so.
      .catch(() => undefined);
  }
}
