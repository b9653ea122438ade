import type { InputRecord } from '../../../infra/kafka/consume/group-consumer.js';
import type { SubjectIds } from '../../../infra/schema-registry/client.js';
import { cloudEventHeaders, DEAD_LETTER_TYPE } from '../../../schemas/cloud-events.js';
import type { TopicNames } from '../../../schemas/topics.js';
import type { SchemaFault } from '../../../schemas/validators.js';
import { encodeWire, HEADER_BYTES, wireHeader } from '../../../schemas/wire-format.js';
import type { Effect } from '../rules/effects.js';
import type { DeadLetterReason } from './decode-log-record.js';
import type { OutputRecord } from './partition-log.js';

/** Size of the reused buffer; usual records are smaller. */
const SCRATCH_BYTES = 16 * 1024;
/** Largest number of UTF-8 bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Encodes the effects of the join as Kafka records. */
export class OutputEncoder {
  private readonly headers: { readonly [K in Effect['kind']]: Buffer };
  /** Reused for each value: allocating a buffer would cost more than writing the value. */
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  constructor(
    private readonly topics: TopicNames,
    ids: SubjectIds,
    /** Largest value that the topics accept, in bytes. */
    readonly maxValueBytes: number,
  ) {
    this.headers = {
      complete: wireHeader(ids.complete),
      amended: wireHeader(ids.amended),
      incomplete: wireHeader(ids.incomplete),
    };
  }

  /**
   * Encodes an effect. The same effect always gives the same record, including its `ce_id`. The value is valid until the next call.
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
    if (HEADER_BYTES + MAX_BYTES_PER_UNIT * json.length > scratch.length) return encodeWire(header, json);
    scratch.set(header, 0);
    return scratch.subarray(0, HEADER_BYTES + scratch.write(json, HEADER_BYTES));
  }

  /**
   * Copies a record that cannot be joined. An operator may have given the dead-letter topic a smaller record limit than
   * `session.events`: then the value is cut to that limit, and `source-offset` says where the complete record is.
   */
  deadLetter(
    record: InputRecord,
    partition: number,
    reason: DeadLetterReason,
    faults: readonly SchemaFault[],
  ): OutputRecord {
    const value = record.value ?? Buffer.alloc(0);
    const key = record.key?.toString() ?? null;
    const receivedAt = new Date(record.timestamp).toISOString();
    const isCut = value.length > this.maxValueBytes;
    return {
      topic: this.topics.deadLetter,
      key,
      value: isCut ? value.subarray(0, this.maxValueBytes) : value,
      headers: {
        ...cloudEventHeaders({
          id: `${key ?? ''}:${DEAD_LETTER_TYPE}:${partition}-${record.offset}`,
          type: DEAD_LETTER_TYPE,
          source: '/processor/join',
          time: receivedAt,
        }),
        reason,
        errors: JSON.stringify(faults),
        'received-at': receivedAt,
        // Only the ingress knows it.
        'remote-address': '',
        'source-offset': String(record.offset),
        ...(isCut && { 'cut-from-bytes': String(value.length) }),
      },
    };
  }
}
