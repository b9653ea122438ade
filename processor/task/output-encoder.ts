import type { InputRecord } from '../../infra/kafka/group-consumer.js';
import type { SubjectIds } from '../../infra/schema-registry/client.js';
import { cloudEventHeaders } from '../../schemas/cloud-events.js';
import type { TopicNames } from '../../schemas/topics.js';
import type { SchemaFault } from '../../schemas/validators.js';
import { encodeWire, wireHeader } from '../../schemas/wire-format.js';
import type { Effect } from '../join/effects.js';
import type { PoisonReason } from './decode-record.js';
import type { OutputRecord } from './partition-log.js';

/** Turns what the join wants written into Kafka records. */
export class OutputEncoder {
  private readonly headers: { readonly [K in Effect['kind']]: Buffer };

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

  /** The same effect gives the same record, `ce_id` included, whenever and by whomever it is encoded. */
  encode(effect: Effect): OutputRecord {
    const { sessionId } = effect.record;
    const [revision, time] =
      effect.kind === 'incomplete'
        ? [1, effect.record.incompleteAt]
        : [effect.record.revision, effect.record.completedAt];
    return {
      topic: this.topics[effect.kind],
      key: sessionId,
      value: encodeWire(this.headers[effect.kind], JSON.stringify(effect.record)),
      headers: cloudEventHeaders({
        id: `${sessionId}:${effect.kind}:${revision}`,
        type: `session.${effect.kind}`,
        source: '/processor/join',
        time,
      }),
    };
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
