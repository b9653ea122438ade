import { isDocumentedCallStatus, type SenderEvent } from '../../schemas/validators.js';
import type { IngressMetrics } from '../ingress-metrics.js';

/** Counts what an accepted event has that the vendor does not document. Each may be the first sign that the vendor has changed something. */
export function countTolerated(event: SenderEvent, metrics: Pick<IngressMetrics, 'tolerated'>): void {
  switch (event.event) {
    case 'session.ended':
      if (event.reason === null) metrics.tolerated('null_reason');
      else if (event.reason !== undefined && event.reason !== 'session_ended') metrics.tolerated('other_reason');
      return;
    case 'session.finalized':
      if (event.callStatus === null) metrics.tolerated('null_call_status');
      if (event.callDuration === null) metrics.tolerated('null_call_duration');
      if (typeof event.callStatus === 'string') countStatus(event.callStatus, metrics);
      return;
    case 'call.ended':
      countStatus(event.callStatus, metrics);
      return;
    case 'recording.ready':
      if (event.recordingUrl === null) metrics.tolerated('null_recording_url');
      return;
    default:
      event satisfies never;
  }
}

function countStatus(status: string, metrics: Pick<IngressMetrics, 'tolerated'>): void {
  if (!isDocumentedCallStatus(status)) metrics.tolerated('undocumented_call_status');
}
