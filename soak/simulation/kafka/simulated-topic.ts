import type { SessionEventValue } from '../../../schemas/validators.js';
import { encodeWire, wireHeader } from '../../../schemas/wire-format.js';
import { between, type Random } from '../../../lab/random.js';
import { FakePartition } from './fake-partition.js';

/** Schema id of all simulated events. */
export const EVENTS_ID = 1;
/** Largest deviation of a leader's clock, in both directions, and longest delay between a record's stamp and its visibility. */
const MAX_SKEW_MS = 200;

type Appended = { readonly event: SessionEventValue | undefined; readonly visibleAt: number };

/** `session.events` with the changelog, outputs and offset of each partition. The schedule moves their common clock. */
export class SimulatedTopic {
  readonly name = 'session.events';
  readonly partitions: readonly FakePartition[];
  private readonly appended: Appended[][];
  private readonly skews: readonly number[];

  constructor(
    count: number,
    public now: number,
    private readonly random: Random,
  ) {
    this.partitions = Array.from({ length: count }, () => new FakePartition(now));
    this.appended = this.partitions.map(() => []);
    this.skews = this.partitions.map(() => between(random, -MAX_SKEW_MS, MAX_SKEW_MS));
  }

  partition(number: number): FakePartition {
    const found = this.partitions[number];
    if (found === undefined) throw new Error(`no partition ${number}`);
    return found;
  }

  advance(ms: number): void {
    this.now += ms;
    for (const partition of this.partitions) partition.brokerNow = this.now;
  }

  append(number: number, event: SessionEventValue): void {
    this.write(number, event.sessionId, encodeWire(wireHeader(EVENTS_ID), JSON.stringify(event)), event);
  }

  /** Appends a record that cannot be joined. */
  appendDeadLetter(number: number, key: string): void {
    this.write(number, key, Buffer.from('cannot be joined'), undefined);
  }

  /** The high watermark. Records become visible shortly after they are stamped. */
  visibleEnd(number: number): number {
    const appended = this.appended[number] ?? [];
    const first = appended.findIndex(({ visibleAt }) => visibleAt > this.now);
    return first < 0 ? appended.length : first;
  }

  /** The event at an offset; `undefined` for a record that cannot be joined. */
  eventAt(number: number, offset: number): SessionEventValue | undefined {
    return this.appended[number]?.[offset]?.event;
  }

  private write(number: number, key: string, value: Buffer, event: SessionEventValue | undefined): void {
    const partition = this.partition(number);
    const stamp = Math.max(this.now + (this.skews[number] ?? 0), partition.input.at(-1)?.timestamp ?? 0);
    partition.append(key, value, stamp);
    this.appended[number]?.push({ event, visibleAt: this.now + between(this.random, 0, MAX_SKEW_MS) });
  }
}
