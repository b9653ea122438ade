import { protocolErrors } from '@platformatic/kafka';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  asksFor,
  codeOf,
  ERROR_CODES,
  hasDoneNothing,
  reactionTo,
  type Reaction,
} from '../../../../infra/kafka/protocol/error-codes.js';
import { ProtocolError } from '../../../../infra/kafka/protocol/protocol-error.js';

const require = createRequire(import.meta.url);
const { errorCodes } = require('kafkajs/src/protocol/error') as {
  readonly errorCodes: readonly { readonly type: string; readonly code: number; readonly retriable: boolean }[];
};

/** kafkajs has kept the names that these codes had before Kafka 2. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  UNKNOWN: 'UNKNOWN_SERVER_ERROR',
  NOT_LEADER_FOR_PARTITION: 'NOT_LEADER_OR_FOLLOWER',
  GROUP_LOAD_IN_PROGRESS: 'COORDINATOR_LOAD_IN_PROGRESS',
  GROUP_COORDINATOR_NOT_AVAILABLE: 'COORDINATOR_NOT_AVAILABLE',
  NOT_COORDINATOR_FOR_GROUP: 'NOT_COORDINATOR',
};

const codesWith = (reaction: Reaction): number[] =>
  [...ERROR_CODES.values()].filter((entry) => entry.reaction === reaction).map(({ code }) => code);

describe('the table of error codes', () => {
  it('has the names of kafkajs, where both know a code', () => {
    const shared = errorCodes.filter(({ code }) => ERROR_CODES.has(code));
    expect(shared.length).toBeGreaterThan(70);
    for (const { type, code } of shared) expect(ERROR_CODES.get(code)?.name).toBe(OLD_NAMES[type] ?? type);
  });

  it('has names and retriability of @platformatic/kafka, which is generated from the protocol guide', () => {
    const shared = Object.values(protocolErrors).filter(({ code }) => ERROR_CODES.has(code));
    expect(shared.length).toBeGreaterThan(100);
    for (const { id, code, canRetry } of shared) {
      expect(ERROR_CODES.get(code)).toMatchObject({ name: id, retriable: canRetry });
    }
  });

  it('lists each code once', () => {
    const codes = [...ERROR_CODES.values()].map(({ name }) => name);
    expect(new Set(codes).size).toBe(codes.length);
    for (const [code, { name }] of ERROR_CODES) expect(codeOf(name as 'INVALID_RECORD')).toBe(code);
  });
});

describe('reactions', () => {
  it('fence on exactly the three codes that name another owner', () => {
    expect(codesWith('fenced')).toEqual([47, 49, 90]);
  });

  it('refuse records on exactly the three codes that reject their content', () => {
    expect(codesWith('refuse records')).toEqual([10, 18, 87]);
  });

  it('look for the coordinator on exactly the two codes that say it is elsewhere', () => {
    expect(codesWith('find coordinator')).toEqual([15, 16]);
  });

  it.each([3, 5, 6, 14, 15, 16, 19, 51, 88])('allow the request to be repeated after %i', (code) => {
    expect(hasDoneNothing(new ProtocolError(code))).toBe(true);
  });

  // Time-outs and disk errors may come after the append: repeating a write could duplicate it.
  it.each([7, 13, 20, 56, 45, 47, 10, 76, -1])('forbid the request to be repeated after %i', (code) => {
    expect(hasDoneNothing(new ProtocolError(code))).toBe(false);
  });

  it('leave an unsupported compression type to the operator: no other leader can help', () => {
    expect(ERROR_CODES.get(76)).toMatchObject({ name: 'UNSUPPORTED_COMPRESSION_TYPE', retriable: false });
    expect(reactionTo(76)).toBe('operator');
  });

  it('are found in causes, and not for success, foreign codes and unknown ones', () => {
    const fenced = new Error('commit failed', { cause: new ProtocolError(codeOf('PRODUCER_FENCED')) });
    expect(asksFor(fenced, 'fenced')).toBe(true);
    expect(asksFor(fenced, 'refuse records')).toBe(false);
    for (const error of [0, undefined, Object.assign(new Error(), { code: 'ECONNREFUSED' }), 9_999]) {
      expect(reactionTo(error)).toBeUndefined();
    }
  });
});

describe('ProtocolError', () => {
  it('names the code, its meaning and the partition', () => {
    expect(new ProtocolError(76, 'reading events, partition 3, from offset 17').message).toBe(
      'reading events, partition 3, from offset 17: Kafka answered UNSUPPORTED_COMPRESSION_TYPE ' +
        '(error code 76: the client cannot read the compression type of the partition)',
    );
    expect(new ProtocolError(9_999).message).toBe('Kafka answered error code 9999');
  });
});
