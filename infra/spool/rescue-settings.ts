import { str } from 'envalid';
import type { Env } from '../settings/read-settings.js';
import { integer } from '../settings/validators.js';

/** Settings of the rescue, which ingress and rescue share. */
export const rescueSpecs = {
  /** Empty means unset: see {@link isRescueEnabled}. */
  INGRESS_RESCUE: str({ choices: ['', 'true', 'false'] as const, default: '' }),
  INGRESS_RESCUE_MAX_BYTES: integer({ min: 1 })({ default: 10_737_418_240 }),
  /** 0: no limit. */
  INGRESS_RESCUE_MAX_BYTES_PER_SECOND: integer({ min: 0 })({ default: 20_000_000 }),
};

/** Any of these shows that the ingress was given an object store. */
const OBJECT_STORE_SETTINGS = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'];

/** Whether recordings are rescued: as the setting says, or else if the environment names an object store. */
export function isRescueEnabled(
  { INGRESS_RESCUE }: { readonly INGRESS_RESCUE: '' | 'true' | 'false' },
  env: Env = process.env,
): boolean {
  if (INGRESS_RESCUE !== '') return INGRESS_RESCUE === 'true';
  return OBJECT_STORE_SETTINGS.some((name) => Boolean(env[name]));
}
