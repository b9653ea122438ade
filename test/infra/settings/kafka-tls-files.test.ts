import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonFaults, commonSpecs } from '../../../infra/settings/common.js';
import { readSettings, SettingsError, type Env } from '../../../infra/settings/read-settings.js';
import { KafkaTlsFiles } from '../../../infra/settings/kafka-tls-files.js';
import { tempDir } from '../../support/temp-dir.js';

const bundled = resolve('test/ingress/http/tls');
const CERT = join(bundled, 'cert.pem');
const KEY = join(bundled, 'key.pem');

function fileOf(content: string): string {
  const path = join(tempDir(), 'file.pem');
  writeFileSync(path, content);
  return path;
}

function faultsOf(env: Env): readonly string[] {
  try {
    readSettings({ KAFKA_SSL: 'true', ...env }, commonSpecs, commonFaults);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

describe('the files for TLS to Kafka', () => {
  it('are read as they are', () => {
    const settings = { KAFKA_SSL_CA_FILE: CERT, KAFKA_SSL_CERT_FILE: CERT, KAFKA_SSL_KEY_FILE: KEY };
    expect(faultsOf(settings)).toEqual([]);
    const pem = readFileSync(CERT, 'utf8');
    expect(new KafkaTlsFiles(settings).options).toEqual({ ca: pem, cert: pem, key: readFileSync(KEY, 'utf8') });
  });

  it('may hold several certificates with text around them', () => {
    const pem = readFileSync(CERT, 'utf8');
    expect(faultsOf({ KAFKA_SSL_CA_FILE: fileOf(`# root\n${pem}\n# other\n${pem}`) })).toEqual([]);
  });

  it.each([
    ['', 'the file holds no certificate'],
    ['not PEM', 'the file holds no certificate'],
    [readFileSync(KEY, 'utf8'), 'the file holds no certificate'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'certificate 1 in the file is damaged'],
  ])('have a fault with setting, path and reason for an unusable authority %#', (content, reason) => {
    const path = fileOf(content);
    expect(faultsOf({ KAFKA_SSL_CA_FILE: path })).toEqual([
      expect.stringContaining(`KAFKA_SSL_CA_FILE (${path}): ${reason}`),
    ]);
  });

  it('have a fault for a missing file, a missing key and a key of another certificate', () => {
    const missing = join(tempDir(), 'missing.pem');
    expect(faultsOf({ KAFKA_SSL_CA_FILE: missing })).toEqual([
      `KAFKA_SSL_CA_FILE (${missing}): the file does not exist`,
    ]);
    const noKey = { KAFKA_SSL_CERT_FILE: CERT, KAFKA_SSL_KEY_FILE: CERT };
    expect(faultsOf(noKey)).toEqual([expect.stringMatching(/^KAFKA_SSL_KEY_FILE .*no private key/)]);
    const encrypted = fileOf('-----BEGIN ENCRYPTED PRIVATE KEY-----\n');
    expect(faultsOf({ ...noKey, KAFKA_SSL_KEY_FILE: encrypted })).toEqual([expect.stringContaining('passphrase')]);
  });

  it('never appear in a fault', () => {
    const damaged = fileOf(readFileSync(KEY, 'utf8').replace(/\n[^-\n]/, '\n!'));
    const copy = join(tempDir(), 'cert.pem');
    copyFileSync(CERT, copy);
    const faults = faultsOf({ KAFKA_SSL_CERT_FILE: copy, KAFKA_SSL_KEY_FILE: damaged });
    expect(faults).toEqual([expect.stringContaining('cannot be used together')]);
    const lines = readFileSync(KEY, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-'));
    for (const line of lines) expect(faults[0]).not.toContain(line);
  });
});
