import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError, type Env } from '../../../infra/settings/read-settings.js';
import {
  archiveFaults,
  archiveSpecs,
  objectProtection,
  spillDir,
  objectStoreCredentials,
} from '../../../processor/archive/settings.js';

const read = (env: Env) => readSettings(env, archiveSpecs, archiveFaults);

function faultsOf(env: Env): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings of the archive', () => {
  it('have defaults that fit the local stack', () => {
    const settings = read({});
    expect(settings).toMatchObject({
      ARCHIVE_CONCURRENCY: 32,
      ARCHIVE_URL_LIFETIME_MS: 900_000,
      S3_BUCKET: 'recordings',
    });
    expect(objectStoreCredentials(settings)).toEqual({ accessKey: 'minioadmin', secretKey: 'minioadmin' });
  });

  it('put the spill directory where it survives a reboot, one for each topic', () => {
    const of = (ARCHIVE_SPILL_DIR: string) =>
      spillDir({ ARCHIVE_SPILL_DIR }, 'blue.session.events', { XDG_STATE_HOME: '/state' });
    expect(of('/data/spill')).toBe('/data/spill');
    expect(of('')).toBe('/state/pathors-session-stream/spill-blue.session.events');
  });

  it('request protection from the object store only if it is set', () => {
    expect(objectProtection(read({}))).toEqual({});
    const env = {
      S3_SSE: 'aws:kms',
      S3_SSE_KMS_KEY_ID: 'k',
      S3_OBJECT_LOCK_MODE: 'GOVERNANCE',
      S3_RETENTION_DAYS: '30',
    };
    expect(objectProtection(read(env))).toEqual({
      encryption: 'aws:kms',
      kmsKeyId: 'k',
      lock: { mode: 'GOVERNANCE', days: 30 },
    });
  });

  it('pass a session token on with its keys only', () => {
    const keys = { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' };
    expect(objectStoreCredentials(read({ ...keys, S3_SESSION_TOKEN: 't' }))).toEqual({
      accessKey: 'a',
      secretKey: 'b',
      sessionToken: 't',
    });
    expect(faultsOf({ S3_SESSION_TOKEN: 't' })).toEqual(['S3_SESSION_TOKEN: requires S3_ACCESS_KEY and S3_SECRET_KEY']);
  });

  it('put the bucket into the path of URLs, unless told otherwise', () => {
    expect(read({}).S3_PATH_STYLE).toBe(true);
    expect(read({ S3_PATH_STYLE: 'false' }).S3_PATH_STYLE).toBe(false);
    expect(faultsOf({ S3_PATH_STYLE: 'perhaps' })).toHaveLength(1);
  });

  it('have no default keys for an object store on another machine', () => {
    expect(faultsOf({ S3_ENDPOINT: 'https://s3.example.com' })).toHaveLength(1);
    expect(faultsOf({ S3_ENDPOINT: 'https://s3.example.com', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' })).toEqual([]);
    expect(faultsOf({ S3_ENDPOINT: 'http://[::1]:9000' })).toEqual([]);
  });

  it.each<[string, Env]>([
    ['one key without the other', { S3_ACCESS_KEY: 'a' }],
    ['a path in the endpoint', { S3_ENDPOINT: 'http://127.0.0.1:9000/recordings' }],
    ['a bucket with capitals', { S3_BUCKET: 'Recordings' }],
    ['a bucket like an address', { S3_BUCKET: '10.0.0.1' }],
    ['a wildcard host', { ARCHIVE_ALLOWED_HOSTS: 'ok.test,*.example.com' }],
    ['a host with a scheme', { ARCHIVE_ALLOWED_HOSTS: 'https://example.com' }],
    ['more bytes than fit one request', { ARCHIVE_MAX_BYTES: '5368709121' }],
    ['a KMS key without KMS', { S3_SSE: 'AES256', S3_SSE_KMS_KEY_ID: 'k' }],
    ['an unknown encryption', { S3_SSE: 'rot13' }],
    ['a lock without an end', { S3_OBJECT_LOCK_MODE: 'COMPLIANCE' }],
    ['a retention without a lock', { S3_RETENTION_DAYS: '30' }],
    ['no concurrency', { ARCHIVE_CONCURRENCY: '0' }],
  ])('reject %s', (_, env) => {
    expect(faultsOf(env)).toHaveLength(1);
  });
});
