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

/** The record with which the ingress announces a recording. @param header of the wire format, see `wireHeader`. */
export function readyRecord({ sessionId, timestamp, ...rest }: ReadyRecord, header: Buffer): BatchRecord {
  const event = 'recording.ready';
  const id = `${sessionId}:${event}:${timestamp}`;
  return {
    key: sessionId,
    value: encodeWire(header, JSON.stringify({ event, sessionId, timestamp, success: true, ...rest })),
    headers: cloudEventHeaders({ id, type: event, source: '/ingress/pathors', time: timestamp }),
  };
}
