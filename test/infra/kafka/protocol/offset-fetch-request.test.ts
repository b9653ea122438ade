import { expect, it } from 'vitest';
import { stableOffsetRequest } from '../../../../infra/kafka/protocol/offset-fetch-request.js';
import { codeOf } from '../../../../infra/kafka/protocol/error-codes.js';
import { ProtocolError } from '../../../../infra/kafka/protocol/protocol-error.js';

const OF = { groupId: 'g'.repeat(200), topic: 'events', partition: 7 };
const NO_TAGS = '00';
const NO_ERROR = '0000';
const hex = (...parts: string[]): Buffer => Buffer.from(parts.join(''), 'hex');

/** Layout of "OffsetFetch Response (Version: 7)": tags of the header, 5 ms of throttling, one topic, one partition, error of the group. */
function answer({ offset = 'ffffffffffffffff', partitionError = NO_ERROR, groupError = NO_ERROR }): Buffer {
  const partition = ['00000007', offset, '00000003', '03', '6d64', partitionError, NO_TAGS];
  // The topic has a tagged field of a future version.
  const topic = ['07', Buffer.from('events').toString('hex'), '02', ...partition, '01', '05', '02', 'ffff'];
  return hex(NO_TAGS, '00000005', '02', ...topic, groupError, NO_TAGS);
}

async function answered(bytes: Buffer): Promise<unknown> {
  const { response } = stableOffsetRequest(OF);
  const decoded = await response.decode(bytes);
  expect(decoded).toMatchObject({ clientSideThrottleTime: 5 });
  return response.parse(decoded);
}

it('asks for one partition and a stable offset, in the order of the protocol', async () => {
  const { buffer } = await stableOffsetRequest(OF).request.encode();
  const group = ['c901', Buffer.from(OF.groupId).toString('hex')];
  const topic = ['02', '07', Buffer.from(OF.topic).toString('hex'), '02', '00000007', NO_TAGS];
  expect(buffer.toString('hex')).toBe(hex(NO_TAGS, ...group, ...topic, '01', NO_TAGS).toString('hex'));
});

it('reads an offset, or its absence', async () => {
  expect(await answered(answer({ offset: '00000001000000ff' }))).toBe(2 ** 32 + 255);
  expect(await answered(answer({}))).toBeUndefined();
  expect(await answered(hex(NO_TAGS, '00000005', '01', NO_ERROR, NO_TAGS))).toBeUndefined();
});

it('answers with the error of the partition or of the group', async () => {
  const doing = `reading the committed offset of group ${OF.groupId}, events, partition 7`;
  const unstable = new ProtocolError(codeOf('UNSTABLE_OFFSET_COMMIT'), doing);
  expect(await answered(answer({ partitionError: '0058' }))).toEqual(unstable);
  const moved = new ProtocolError(codeOf('NOT_COORDINATOR'), doing);
  expect(await answered(answer({ groupError: '0010' }))).toEqual(moved);
});
