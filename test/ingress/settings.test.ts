import { describe, expect, it } from 'vitest';
import { SettingsError, type Env } from '../../infra/settings/read-settings.js';
import { readIngressSettings, spoolDir } from '../../ingress/settings.js';

function faultsOf(env: Env): readonly string[] {
  try {
    readIngressSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

describe('the settings of the ingress', () => {
  it('require only tokens', () => {
    expect(readIngressSettings({ INGRESS_TOKENS: 'one, two' })).toMatchObject({
      INGRESS_HOST: '0.0.0.0',
      INGRESS_PORT: 8080,
      INGRESS_WORKERS: 1,
      INGRESS_TOKENS: ['one', 'two'],
      INGRESS_ALLOW_ANONYMOUS: false,
      INGRESS_AUTH_HEADER: 'authorization',
      INGRESS_MAX_BODY_BYTES: 1_048_576,
      INGRESS_LINGER_MS: 5,
      INGRESS_ACK_TIMEOUT_MS: 2_000,
      INGRESS_SPOOL_MAX_BYTES: 1_073_741_824,
      INGRESS_MAX_HEAD_BYTES: 16_384,
      INGRESS_KEEP_ALIVE: 'auto',
      INGRESS_TRUSTED_PROXIES: [],
      INGRESS_SHUTDOWN_DELAY_MS: 0,
      INGRESS_DRAIN_MS: 10_000,
    });
  });

  it('require tokens unless anonymous access is allowed explicitly', () => {
    expect(faultsOf({})).toEqual([expect.stringContaining('INGRESS_TOKENS is required')]);
    expect(faultsOf({ INGRESS_TOKENS: ' , ' })).toEqual([expect.stringContaining('INGRESS_TOKENS is required')]);
    expect(faultsOf({ INGRESS_ALLOW_ANONYMOUS: 'true' })).toEqual([]);
  });

  it('accept the name of the authentication header in any case', () => {
    const env = { INGRESS_TOKENS: 't', INGRESS_AUTH_HEADER: 'X-Webhook-Token' };
    expect(readIngressSettings(env).INGRESS_AUTH_HEADER).toBe('x-webhook-token');
  });

  it('report every fault at once, including faults of common settings', () => {
    const faults = faultsOf({
      INGRESS_PORT: '99999',
      INGRESS_WORKERS: '0',
      INGRESS_AUTH_HEADER: 'two words',
      INGRESS_MAX_BODY_BYTES: String(8 * 1024 * 1024),
      INGRESS_LINGER_MS: 'soon',
      KAFKA_BROKERS: 'nowhere',
    });
    expect(faults.map((fault) => fault.split(/[: ]/, 1)[0]).sort()).toEqual([
      'INGRESS_AUTH_HEADER',
      'INGRESS_LINGER_MS',
      'INGRESS_MAX_BODY_BYTES',
      'INGRESS_PORT',
      'INGRESS_TOKENS',
      'INGRESS_WORKERS',
      'KAFKA_BROKERS',
    ]);
  });

  it('accept both TLS files or neither, and only usable ones', () => {
    const faults = (cert: string, key: string) =>
      faultsOf({ INGRESS_TOKENS: 't', INGRESS_TLS_CERT_FILE: cert, INGRESS_TLS_KEY_FILE: key });
    expect(faults('', '')).toEqual([]);
    for (const [cert, key] of [
      ['cert.pem', ''],
      ['', 'key.pem'],
    ] as const) {
      expect(faults(cert, key)).toEqual(['INGRESS_TLS_CERT_FILE and INGRESS_TLS_KEY_FILE: set both or neither']);
    }
    expect(faults('/nowhere/cert.pem', '/nowhere/key.pem')).toEqual([
      expect.stringMatching(/INGRESS_TLS_CERT_FILE.*ENOENT.*\/nowhere\/cert\.pem/),
    ]);
    expect(faults('package.json', 'package.json')).toEqual([expect.stringContaining('cannot be used')]);
  });

  it('never reveal a token in a fault', () => {
    const faults = faultsOf({ INGRESS_TOKENS: 'very secret,other' });
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toContain('secret');
  });
});

describe('the folder of the spool', () => {
  const dirOf = (env: Record<string, string>) =>
    spoolDir(readIngressSettings({ INGRESS_TOKENS: 't', ...env }), { XDG_STATE_HOME: '/state' });

  it('is INGRESS_SPOOL_DIR if set', () => {
    expect(dirOf({ INGRESS_SPOOL_DIR: '/data/spool', TOPIC_PREFIX: 'blue.' })).toBe('/data/spool');
  });

  it("is in the user's state folder by default, one for each topic prefix", () => {
    expect(dirOf({})).toBe('/state/pathors-session-stream/spool');
    expect(dirOf({ TOPIC_PREFIX: 'blue.' })).toBe('/state/pathors-session-stream/spool-blue.');
  });
});
