import type { BatchRecord } from '../../infra/kafka/protocol/records/record-batch.js';
import { cloudEventHeaders } from '../../schemas/cloud-events.js';
import { encodeWire } from '../../schemas/wire-format.js';

export type ReadyRecord = {
  readonly sessionId: string;
  readonly projectId: string;
  readonly recordingUrl: string;
  /** The sender's timestamp (ISO 8601). */
  readonly timestamp: string;
};

/** The record by which the ingress tells of a recording. @param header the wire format's, see `wireHeader`. */
export function readyRecord({ sessionId, timestamp, ...rest }: ReadyRecord, header: Buffer): BatchRecord {
  const event = 'recording.ready';
  return {
    key: sessionId,
    value: encodeWire(header, JSON.stringify({ event, sessionId, timestamp, success: true, ...rest })),
    headers: cloudEventHeaders({
      ...{ id: `${sessionId}:${event}:${timestamp}`, type: event },
      ...{ source: '/ingress/pathors', time: timestamp },
    }),
  };
}
