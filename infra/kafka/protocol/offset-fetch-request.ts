import type { ProtocolRequest } from '../connection/cluster.js';
import { protocolRequest, type DecodedAnswer } from './protocol-request.js';
import { ProtocolError } from './protocol-error.js';

/** One partition of what a group reads. */
export type GroupPartition = { readonly groupId: string; readonly topic: string; readonly partition: number };

/** Brokers from 2.5 on know this version; those of 4.x still do. */
const API = { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch' };
/** Ends a header or a structure; no field has a tag here. */
const NO_TAGS = Buffer.of(0);
const REQUIRE_STABLE = Buffer.of(1);

/**
 * An OffsetFetch request for the group's next offset to read of one partition, `undefined` where it has committed none.
 *
 * A broker answers EndTxn before the offset of that transaction can be read: with `require_stable` it says UNSTABLE_OFFSET_COMMIT until
 * then, instead of the offset before (KIP-447). kafkajs knows no version that can ask so.
 * Source: "OffsetFetch API" and "Flexible versions" in the Apache Kafka protocol guide.
 *
 * Its answer is a {@link ProtocolError} where the group or the partition has one.
 */
export function stableOffsetRequest(of: GroupPartition): ProtocolRequest<number | undefined | ProtocolError> {
  return protocolRequest(API, encode(of), decode);
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

function decode(bytes: Buffer): DecodedAnswer<number | undefined | ProtocolError> {
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
      // Around the offset: the partition's number, the leader's epoch.
      offset = Number(bytes.readBigInt64BE(at + 4));
      skip(4 + 8 + 4);
      skip(varint() - 1);
      errorCode = bytes.readInt16BE(at);
      skip(2);
      skipTags();
    }
    skipTags();
  }
  // The group's own.
  errorCode ||= bytes.readInt16BE(at);
  const found = offset < 0 ? undefined : offset;
  return { answer: errorCode === 0 ? found : new ProtocolError(errorCode), clientSideThrottleTime };
}

function compactString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([compactLength(bytes.length), bytes]);
}

/** One more than the length, as an unsigned varint. */
function compactLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length + 1;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
