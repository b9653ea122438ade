import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { bool, makeValidator, str } from 'envalid';
import type { ObjectStoreKeys } from '../../infra/object-store/keys.js';
import type { ObjectProtection } from '../../infra/object-store/object-protection.js';
import { isLoopback } from '../../infra/settings/common.js';
import type { Env } from '../../infra/settings/read-settings.js';
import { secret } from '../../infra/settings/secrets.js';
import { httpUrl, integer, splitList } from '../../infra/settings/validators.js';
import { canonicalHost } from './source/allowed-hosts.js';

const GIB = 1024 ** 3;

const hostList = makeValidator<readonly string[]>((input: string) => {
  const entries = splitList(input);
  const bad = entries.filter((entry) => canonicalHost(entry) === undefined);
  if (bad.length > 0) {
    throw new TypeError(
      `must be a comma-separated list of host or host:port (no scheme, path or wildcard); invalid: ${bad.join(', ')}`,
    );
  }
  return entries;
});

const bucketName = makeValidator<string>((input: string) => {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(input) || input.includes('..') || /^[\d.]+$/.test(input)) {
    throw new TypeError('must be a bucket name: 3 to 63 lower-case letters, digits, "." and "-"');
  }
  return input;
});

/** Settings of the archive role. The defaults fit the local stack. */
export const archiveSpecs = {
  ARCHIVE_CONCURRENCY: integer({ min: 1, max: 1_000 })({
    default: 32,
    desc: 'maximum number of simultaneous downloads, and of simultaneous uploads',
  }),
  ARCHIVE_URL_LIFETIME_MS: integer({ min: 1_000, max: 604_800_000 })({ default: 900_000 }),
  // An object is uploaded in one request, which S3 limits to 5 GiB.
  ARCHIVE_MAX_BYTES: integer({ min: 1, max: 5 * GIB })({ default: GIB }),
  ARCHIVE_ALLOWED_HOSTS: hostList({ default: [] }),
  /** Empty means unset: see {@link spillDir}. */
  ARCHIVE_SPILL_DIR: str({ default: '' }),
  ARCHIVE_SPILL_KEEP_MS: integer({ min: 1_000, max: 604_800_000 })({ default: 86_400_000 }),
  S3_ENDPOINT: httpUrl({ default: 'http://127.0.0.1:9000' }),
  S3_REGION: str({ default: 'us-east-1' }),
  /** Empty means unset: see {@link objectStoreCredentials}. */
  S3_ACCESS_KEY: secret(str({ default: '' })),
  S3_SECRET_KEY: secret(str({ default: '' })),
  /** Of temporary keys. */
  S3_SESSION_TOKEN: secret(str({ default: '' })),
  S3_PATH_STYLE: bool({ default: true, desc: 'bucket in the path of a URL; false: in the host name' }),
  S3_BUCKET: bucketName({ default: 'recordings' }),
  /** Empty or 0 means unset, here and below: see {@link objectProtection}. */
  S3_SSE: str({ choices: ['', 'AES256', 'aws:kms'], default: '' }),
  S3_SSE_KMS_KEY_ID: str({ default: '' }),
  S3_OBJECT_LOCK_MODE: str({ choices: ['', 'GOVERNANCE', 'COMPLIANCE'], default: '' }),
  S3_RETENTION_DAYS: integer({ min: 0, max: 36_500 })({ default: 0 }),
};

export type ArchiveSettings = {
  readonly ARCHIVE_CONCURRENCY: number;
  readonly ARCHIVE_URL_LIFETIME_MS: number;
  readonly ARCHIVE_MAX_BYTES: number;
  readonly ARCHIVE_ALLOWED_HOSTS: readonly string[];
  readonly ARCHIVE_SPILL_DIR: string;
  readonly ARCHIVE_SPILL_KEEP_MS: number;
  readonly S3_ENDPOINT: string;
  readonly S3_REGION: string;
  readonly S3_ACCESS_KEY: string;
  readonly S3_SECRET_KEY: string;
  readonly S3_SESSION_TOKEN: string;
  readonly S3_PATH_STYLE: boolean;
  readonly S3_BUCKET: string;
  readonly S3_SSE: '' | 'AES256' | 'aws:kms';
  readonly S3_SSE_KMS_KEY_ID: string;
  readonly S3_OBJECT_LOCK_MODE: '' | 'GOVERNANCE' | 'COMPLIANCE';
  readonly S3_RETENTION_DAYS: number;
};

/** Contradictions among the archive's settings. */
export function archiveFaults(settings: Partial<ArchiveSettings>): string[] {
  const faults: string[] = [];
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = settings;
  if (Boolean(accessKey) !== Boolean(secretKey)) faults.push('S3_ACCESS_KEY and S3_SECRET_KEY: set both or neither');
  if (settings.S3_SESSION_TOKEN && !accessKey)
    faults.push('S3_SESSION_TOKEN: requires S3_ACCESS_KEY and S3_SECRET_KEY');
  const { S3_SSE, S3_SSE_KMS_KEY_ID, S3_OBJECT_LOCK_MODE, S3_RETENTION_DAYS } = settings;
  if (S3_SSE_KMS_KEY_ID && S3_SSE !== 'aws:kms') faults.push('S3_SSE_KMS_KEY_ID: requires S3_SSE=aws:kms');
  if (Boolean(S3_OBJECT_LOCK_MODE) !== Boolean(S3_RETENTION_DAYS)) {
    faults.push('S3_OBJECT_LOCK_MODE and S3_RETENTION_DAYS: set both or neither');
  }
  if (endpoint === undefined) return faults;
  const { hostname, pathname } = new URL(endpoint);
  if (pathname !== '/') faults.push('S3_ENDPOINT: must have no path; set the bucket in S3_BUCKET');
  if (!accessKey && !secretKey && !isLoopback(hostname)) {
    faults.push('S3_ACCESS_KEY and S3_SECRET_KEY are required when S3_ENDPOINT is not on this machine');
  }
  return faults;
}

/**
 * Directory where recordings wait on disk: the setting, or else a folder for this topic below the user's state directory. Not a temporary
 * directory, because that may be in memory, lost at a reboot, or open to other users.
 */
export function spillDir(settings: Pick<ArchiveSettings, 'ARCHIVE_SPILL_DIR'>, topic: string, env: Env = process.env) {
  if (settings.ARCHIVE_SPILL_DIR !== '') return resolve(settings.ARCHIVE_SPILL_DIR);
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(state, 'pathors-session-stream', `spill-${topic}`);
}

/** Keys of the object store: the settings as they are now, or else the defaults of a MinIO on this machine. */
export function objectStoreCredentials(settings: ArchiveSettings): ObjectStoreKeys {
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey, S3_SESSION_TOKEN: sessionToken } = settings;
  if (accessKey === '') return { accessKey: 'minioadmin', secretKey: 'minioadmin' };
  return { accessKey, secretKey, ...(sessionToken !== '' && { sessionToken }) };
}

/** Encryption and lock that the object store must apply to recordings; none by default. */
export function objectProtection(settings: ArchiveSettings): ObjectProtection {
  const { S3_SSE, S3_SSE_KMS_KEY_ID: kmsKeyId, S3_OBJECT_LOCK_MODE: mode, S3_RETENTION_DAYS: days } = settings;
  return {
    ...(S3_SSE !== '' && { encryption: S3_SSE }),
    ...(kmsKeyId !== '' && { kmsKeyId }),
    ...(mode !== '' && { lock: { mode, days } }),
  };
}
