import type { SessionEventValue } from '../../schemas/validators.js';

/** An event in the log. */
export type LoggedEvent = {
  readonly event: SessionEventValue;
  /** Its LogAppendTime, ms. */
  readonly at: number;
  /** The latest LogAppendTime in its partition up to this record, ms: the log time when the record is read. */
  readonly passed: number;
};
