import type { FetchAnswer } from '../protocol/fetch-request.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { readCommitted } from '../protocol/records/committed-records.js';
import type { FetchedRecords } from './partition-feed.js';

/**
 * The records of a partition's answer, from a position on.
 *
 * @param low first offset of the log, if the broker has answered that the position is not in it.
 * @throws Error with topic, partition and offset when the partition cannot be read.
 */
export function fetchedRecords(
  topic: string,
  position: number,
  answer: FetchAnswer,
  low: number | undefined,
): FetchedRecords {
  const { partition, errorCode, highWatermark, recordSet, aborted } = answer;
  if (low !== undefined) return deletedRecords(topic, partition, position, low);
  if (errorCode !== 0) throw fetchError(topic, position, answer);
  try {
    return { ...readCommitted(recordSet, aborted, position), highWatermark };
  } catch (cause) {
    throw new Error(`cannot decode ${topic}, partition ${partition}, from offset ${position}`, { cause });
  }
}

export function fetchError(topic: string, position: number, { partition, errorCode }: FetchAnswer): ProtocolError {
  return new ProtocolError(errorCode, `reading ${topic}, partition ${partition}, from offset ${position}`);
}

/** Records that were deleted before they were read are a stretch without records. */
function deletedRecords(topic: string, partition: number, position: number, low: number): FetchedRecords {
  if (low <= position) {
    throw new Error(
      `offset ${position} of ${topic}, partition ${partition}, is beyond its end: the topic was recreated or has lost records. Find out ` +
        'which, then reset the offsets of the group (kafka-consumer-groups --reset-offsets)',
    );
  }
  return { records: [], nextOffset: low, bytes: 0, highWatermark: low };
}
