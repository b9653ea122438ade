import { rescueSpecs } from '../../../infra/spool/rescue-settings.js';
import { commonSpecs } from '../../../infra/settings/common.js';
import { readSettings, type Env } from '../../../infra/settings/read-settings.js';
import { integer } from '../../../infra/settings/validators.js';
import { archiveFaults, archiveSpecs } from '../settings.js';

const specs = {
  ...archiveSpecs,
  ...rescueSpecs,
  LOG_LEVEL: commonSpecs.LOG_LEVEL,
  TOPIC_PREFIX: commonSpecs.TOPIC_PREFIX,
  /** Space that the rescue leaves to the spool if both are on one disk. */
  INGRESS_SPOOL_MAX_BYTES: integer({ min: 0 })({ default: 1_073_741_824 }),
};

export type RescueSettings = ReturnType<typeof readRescueSettings>;

/** @throws SettingsError that lists every fault. */
export function readRescueSettings(env: Env) {
  return readSettings(env, specs, archiveFaults);
}
