import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type { SubjectIds } from '../../../infra/schema-registry/client.js';
import { cloudEventHeaders } from '../../../schemas/cloud-events.js';
import type { TopicNames } from '../../../schemas/topics.js';
import type { SchemaFault } from '../../../schemas/validators.js';
import { encodeWire, HEADER_BYTES, wireHeader } from '../../../schemas/wire-format.js';
import type { Effect } from '../rules/effects.js';
import type { PoisonReason } from './decode-record.js';
import type { OutputRecord } from './partition-log.js';

/** More than a usual record takes. */
const SCRATCH_BYTES = 16 * 1024;
/** UTF-8 bytes of a UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;

/** Turns what the join wants written into Kafka records. */
export class OutputEncoder {
  private readonly headers: { readonly [K in Effect['kind']]: Buffer };
  /** A buffer of its own for each value would cost more than what is written into it. */
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  constructor(
    private readonly topics: TopicNames,
    ids: SubjectIds,
    /** The largest value that the topics take, in bytes. */
    readonly maxValueBytes: number,
  ) {
    this.headers = {
      complete: wireHeader(ids.complete),
      amended: wireHeader(ids.amended),
      incomplete: wireHeader(ids.incomplete),
    };
  }

  /**
   * The same effect gives the same record, `ce_id` included, whenever and by whomever it is encoded. Its value is good until the next is
   * encoded.
   */
  encode(effect: Effect): OutputRecord {
    const { sessionId } = effect.record;
    const [revision, time] =
      effect.kind === 'incomplete'
        ? [1, effect.record.incompleteAt]
        : [effect.record.revision, effect.record.completedAt];
    return {
      topic: this.topics[effect.kind],
      key: sessionId,
      value: this.encodeValue(this.headers[effect.kind], JSON.stringify(effect.record)),
      headers: cloudEventHeaders({
        id: `${sessionId}:${effect.kind}:${revision}`,
        type: `session.${effect.kind}`,
        source: '/processor/join',
        time,
      }),
    };
  }

  private encodeValue(header: Buffer, json: string): Buffer {
    const { scratch } = this;
    if (HEADER_BYTES + BYTES_PER_UNIT * json.length > scratch.length) return encodeWire(header, json);
    scratch.set(header, 0);
    return scratch.subarray(0, HEADER_BYTES + scratch.write(json, HEADER_BYTES));
  }

  /**
   * A record that cannot be joined, with its bytes as they were: but no more of them than the topic takes, where an operator has given it
   * less room than the events have. The record itself stays where `source-offset` says.
   */
  deadLetter(record: InputRecord, reason: PoisonReason, faults: readonly SchemaFault[]): OutputRecord {
    const value = record.value ?? Buffer.alloc(0);
    const isCut = value.length > this.maxValueBytes;
    return {
      topic: this.topics.deadLetter,
      key: record.key?.toString() ?? null,
      value: isCut ? value.subarray(0, this.maxValueBytes) : value,
      headers: {
        reason,
        errors: JSON.stringify(faults),
        'received-at': new Date(record.timestamp).toISOString(),
        'source-offset': String(record.offset),
        ...(isCut && { 'cut-from-bytes': String(value.length) }),
      },
    };
  }
}
