/** Headers of the CloudEvents 1.0 Kafka protocol binding, binary content mode. */
export type CloudEventHeaders = {
  readonly ce_specversion: '1.0';
  readonly ce_id: string;
  readonly ce_type: string;
  readonly ce_source: string;
  readonly ce_time: string;
};

export type CloudEvent = {
  /** A function of the record's content, never of when or by whom it was written, so that consumers can always deduplicate. */
  readonly id: string;
  readonly type: string;
  readonly source: '/ingress/pathors' | '/processor/archive' | '/processor/join';
  /** ISO 8601. */
  readonly time: string;
};

/** Type of the events in the dead-letter topic, whatever their bytes are. */
export const DEAD_LETTER_TYPE = 'session.dead-letter';

export function cloudEventHeaders(event: CloudEvent): CloudEventHeaders {
  return {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_time: event.time,
  };
}
