import { integer } from '../../infra/settings/validators.js';

const duration = integer({ min: 1, max: 365 * 24 * 3_600_000 });

/** Waiting and retention times of the join, in milliseconds. */
export const joinSpecs = {
  JOIN_RECORDING_GRACE_MS: duration({ default: 900_000 }),
  JOIN_FINALIZE_TIMEOUT_MS: duration({ default: 3_600_000 }),
  JOIN_RETENTION_MS: duration({ default: 259_200_000 }),
};
