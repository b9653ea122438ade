import { str } from 'envalid';
import { commonFaults, commonSpecs, type CommonSettings } from '../infra/settings/common.js';
import type { ReloadableFiles } from '../infra/settings/file-reloader.js';
import { readSettings, type Env } from '../infra/settings/read-settings.js';
import { secretReloads } from '../infra/settings/secrets.js';
import { list, port } from '../infra/settings/validators.js';
import { archiveFaults, archiveSpecs } from './archive/settings.js';
import { joinSpecs } from './join/settings.js';

const ROLES = ['join', 'archive'] as const;
export type Role = (typeof ROLES)[number];

export const processorSpecs = {
  ...commonSpecs,
  ...joinSpecs,
  ...archiveSpecs,
  PROCESSOR_ROLES: list({ default: [...ROLES] }),
  /** Empty means unset: `<TOPIC_PREFIX>session-join`, so that systems with different prefixes do not share a group. */
  PROCESSOR_GROUP_ID: str({ default: '' }),
  PROCESSOR_HOST: str({ default: '0.0.0.0' }),
  PROCESSOR_PORT: port({ default: 9090 }),
};

/** @throws SettingsError that lists every fault. */
export function readProcessorSettings(env: Env) {
  const settings = readSettings(env, processorSpecs, (read) => [
    ...commonFaults(read as Partial<CommonSettings>),
    ...archiveFaults(read),
    ...roleFaults(read.PROCESSOR_ROLES ?? []),
  ]);
  return { ...settings, PROCESSOR_GROUP_ID: settings.PROCESSOR_GROUP_ID || `${settings.TOPIC_PREFIX}session-join` };
}

/** The secrets of the processor that come from files, kept up to date in `settings`. */
export function processorSecretReloads(env: Env, settings: object): ReloadableFiles[] {
  return secretReloads(env, processorSpecs, settings);
}

export function hasRole(settings: { readonly PROCESSOR_ROLES: readonly string[] }, role: Role): boolean {
  return settings.PROCESSOR_ROLES.includes(role);
}

function roleFaults(roles: readonly string[]): string[] {
  const known: readonly string[] = ROLES;
  const faults = roles
    .filter((role) => !known.includes(role))
    .map((role) => `PROCESSOR_ROLES: "${role}" is not one of ${ROLES.join(', ')}`);
  return roles.length === 0 ? ['PROCESSOR_ROLES: name at least one of join, archive'] : faults;
}
