import { ProtocolError } from './protocol-error.js';
import { protocolRequest, type DecodedAnswer, type ProtocolRequest } from './protocol-request.js';

/** One partition that a group reads. */
export type GroupPartition = { readonly groupId: string; readonly topic: string; readonly partition: number };

/** Supported by brokers from 2.5 to 4.x. */
const API = { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch' };
/** Ends a header or a structure that has no tagged fields. */
const NO_TAGS = Buffer.of(0);
const REQUIRE_STABLE = Buffer.of(1);

/**
 * An OffsetFetch request for the group's next offset to read of one partition. The answer is `undefined` where the group has committed none,
 * and a {@link ProtocolError} where the group or the partition has one.
 *
 * A broker answers EndTxn before the offset of that transaction can be read. With `require_stable` it answers UNSTABLE_OFFSET_COMMIT until
 * then, instead of the previous offset (KIP-447). kafkajs supports no version that has it.
 *
 *     group_id [topic [partition]] require_stable
 *
 * Source: "OffsetFetch API" and "Flexible versions" in the Apache Kafka protocol guide.
 */
export function stableOffsetRequest(of: GroupPartition): ProtocolRequest<number | undefined | ProtocolError> {
  return protocolRequest(API, encode(of), (bytes) => decode(bytes, of));
}

function encode({ groupId, topic, partition }: GroupPartition): Buffer {
  const index = Buffer.alloc(4);
  index.writeInt32BE(partition);
  return Buffer.concat([
    NO_TAGS,
    compactString(groupId),
    compactLength(1),
    compactString(topic),
    compactLength(1),
    index,
    NO_TAGS,
    REQUIRE_STABLE,
    NO_TAGS,
  ]);
}

function decode(bytes: Buffer, of: GroupPartition): DecodedAnswer<number | undefined | ProtocolError> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let weight = 1; ; weight *= 0x80) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
    }
  };
  const skip = (length: number): void => void (at += Math.max(0, length));
  const skipTags = (): void => {
    for (let tags = varint(); tags > 0; tags -= 1) {
      varint();
      skip(varint());
    }
  };
  let errorCode = 0;
  let offset = -1;
  skipTags();
  const clientSideThrottleTime = bytes.readInt32BE(at);
  skip(4);
  for (let topics = varint() - 1; topics > 0; topics -= 1) {
    skip(varint() - 1);
    for (let partitions = varint() - 1; partitions > 0; partitions -= 1) {
      // Partition (4 bytes), offset, leader epoch (4 bytes).
      offset = Number(bytes.readBigInt64BE(at + 4));
      skip(4 + 8 + 4);
      skip(varint() - 1);
      errorCode = bytes.readInt16BE(at);
      skip(2);
      skipTags();
    }
    skipTags();
  }
  // The error of the group.
  errorCode ||= bytes.readInt16BE(at);
  const found = offset < 0 ? undefined : offset;
  const doing = `reading the committed offset of group ${of.groupId}, ${of.topic}, partition ${of.partition}`;
  return { answer: errorCode === 0 ? found : new ProtocolError(errorCode, doing), clientSideThrottleTime };
}

function compactString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([compactLength(bytes.length), bytes]);
}

/** A length plus one, as an unsigned varint. */
function compactLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length + 1;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
