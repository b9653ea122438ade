import { str } from 'envalid';
import { commonFaults, commonSpecs, type CommonSettings } from '../infra/settings/common.js';
import { readSettings, type Env } from '../infra/settings/read-settings.js';
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
  PROCESSOR_GROUP_ID: str({ default: 'session-join' }),
  PROCESSOR_HOST: str({ default: '0.0.0.0' }),
  PROCESSOR_PORT: port({ default: 9090 }),
};

/** @throws SettingsError that lists every fault. */
export function readProcessorSettings(env: Env) {
  return readSettings(env, processorSpecs, (settings) => [
    ...commonFaults(settings as Partial<CommonSettings>),
    ...archiveFaults(settings),
    ...roleFaults(settings.PROCESSOR_ROLES ?? []),
  ]);
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
