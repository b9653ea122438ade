import { HttpConnection } from '../../lab/http-connection.js';
import type { EventLedger, Outcome } from './event-ledger.js';
import { EVENTS_PER_SESSION, type NumberedEvents } from './numbered-events.js';

export type SteadyLoadOptions = {
  readonly port: number;
  /** Events per second. Events wait while no connection is free. */
  readonly rate: number;
  readonly connections: number;
  readonly events: NumberedEvents;
  readonly ledger: EventLedger;
};

/** A keep-alive connection that sends the events of one session, one at a time. */
type Sender = { connection: HttpConnection | undefined; nextEvent: number };

const TICK_MS = 5;
const REOPEN_MS = 100;
/** Limit of the backlog, so that the load stays near the rate after an outage. */
const MAX_BACKLOG_MS = 3_000;
/** Time limit for the last answers after the load has stopped. */
const MAX_LAST_ANSWERS_MS = 30_000;

/** Sends events at a steady rate until stopped. When a connection breaks, its session continues on a new one. */
export class SteadyLoad {
  private readonly senders: Sender[] = [];
  /** First in, first out, so that no connection is idle for long. */
  private readonly idle: Sender[] = [];
  private sessions = 0;
  private backlog = 0;
  private underWay = 0;
  private isStopped = false;
  private clock: NodeJS.Timeout | undefined;
  private onQuiet = (): void => undefined;

  constructor(private readonly options: SteadyLoadOptions) {}

  start(): void {
    for (let i = 0; i < this.options.connections; i += 1) {
      const sender: Sender = { connection: undefined, nextEvent: this.newSession() };
      this.senders.push(sender);
      this.open(sender);
    }
    const { rate } = this.options;
    let last = performance.now();
    this.clock = setInterval(() => {
      const now = performance.now();
      this.backlog = Math.min(this.backlog + ((now - last) / 1000) * rate, (rate * MAX_BACKLOG_MS) / 1000);
      last = now;
      for (let sender; this.backlog >= 1 && (sender = this.idle.shift()) !== undefined;) this.send(sender);
    }, TICK_MS);
  }

  /** Sends no more events and resolves after the last answers. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.clock);
    if (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.onQuiet = resolve;
        setTimeout(resolve, MAX_LAST_ANSWERS_MS);
      });
    }
    for (const { connection } of this.senders) connection?.close();
  }

  private newSession(): number {
    return this.sessions++ * EVENTS_PER_SESSION;
  }

  private open(sender: Sender): void {
    if (this.isStopped) return;
    const onBroken = (): void => {
      const at = this.idle.indexOf(sender);
      if (at >= 0) this.idle.splice(at, 1);
      setTimeout(() => this.open(sender), REOPEN_MS);
    };
    sender.connection = new HttpConnection(this.options.port, onBroken, () => this.release(sender));
  }

  private release(sender: Sender): void {
    if (this.backlog >= 1 && !this.isStopped) this.send(sender);
    else this.idle.push(sender);
  }

  private send(sender: Sender): void {
    const { events, ledger } = this.options;
    const event = sender.nextEvent;
    const isLast = (event + 1) % EVENTS_PER_SESSION === 0;
    sender.nextEvent = isLast ? this.newSession() : event + 1;
    this.backlog -= 1;
    this.underWay += 1;
    ledger.sent(event);
    sender.connection?.send(events.request(event), (status, body) => {
      this.underWay -= 1;
      ledger.answered(event, outcomeOf(status, body));
      if (status !== 0) this.release(sender);
      if (this.underWay === 0) this.onQuiet();
    });
  }
}

function outcomeOf(status: number, body: Buffer): Outcome {
  if (status === 0) return 'none';
  if (status < 200 || status > 299) return 'other';
  return body.includes('"spool"') ? 'spool' : 'kafka';
}
