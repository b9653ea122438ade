import type { SessionEventValue } from '../../schemas/validators.js';
import { encodeWire, wireHeader } from '../../schemas/wire-format.js';
import { between, type Random } from '../../lab/random.js';
import { FakePartition } from './fake-partition.js';

/** The schema id of all events here. */
export const EVENTS_ID = 1;
/** The partition leaders' clocks differ by up to this, either way, and a record is seen up to this long after it was stamped. */
const SKEW_MS = 200;

type Appended = { readonly event: SessionEventValue | undefined; readonly visibleAt: number };

/** `session.events` with its partitions' changelogs, outputs and offsets, under one clock that the schedule moves. */
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
    this.skews = this.partitions.map(() => between(random, -SKEW_MS, SKEW_MS));
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

  /** A record that cannot be joined. */
  appendPoison(number: number, key: string): void {
    this.write(number, key, Buffer.from('poison'), undefined);
  }

  /** The high watermark: stamped records become visible a little later. */
  visibleEnd(number: number): number {
    const appended = this.appended[number] ?? [];
    const first = appended.findIndex(({ visibleAt }) => visibleAt > this.now);
    return first < 0 ? appended.length : first;
  }

  /** What stands at an offset; `undefined`: poison. */
  eventAt(number: number, offset: number): SessionEventValue | undefined {
    return this.appended[number]?.[offset]?.event;
  }

  private write(number: number, key: string, value: Buffer, event: SessionEventValue | undefined): void {
    const partition = this.partition(number);
    const stamp = Math.max(this.now + (this.skews[number] ?? 0), partition.input.at(-1)?.timestamp ?? 0);
    partition.append(key, value, stamp);
    this.appended[number]?.push({ event, visibleAt: this.now + between(this.random, 0, SKEW_MS) });
  }
}
