import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SettingsError, type Env } from '../../../infra/settings/read-settings.js';
import { readIngressSettings } from '../../../ingress/settings.js';
import { readProcessorSettings } from '../../../processor/settings.js';
import { tempDir } from '../../support/temp-dir.js';

const SECRET = 'S3cr3t-value';

function file(content: string): string {
  const path = join(tempDir(), 'secret');
  writeFileSync(path, content);
  return path;
}

function faultsOf(read: (env: Env) => unknown, env: Env): readonly string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

/** Each secret, with the settings that it needs beside it. */
const SECRETS: readonly (readonly [name: string, read: (env: Env) => object, beside: Env])[] = [
  ['INGRESS_TOKENS', readIngressSettings, {}],
  [
    'KAFKA_SASL_PASSWORD',
    readIngressSettings,
    { INGRESS_TOKENS: 't', KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'ingress' },
  ],
  ['SCHEMA_REGISTRY_PASSWORD', readIngressSettings, { INGRESS_TOKENS: 't', SCHEMA_REGISTRY_USERNAME: 'ingress' }],
  ['KAFKA_SASL_PASSWORD', readProcessorSettings, { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'processor' }],
  ['SCHEMA_REGISTRY_PASSWORD', readProcessorSettings, { SCHEMA_REGISTRY_USERNAME: 'processor' }],
  ['S3_ACCESS_KEY', readProcessorSettings, { S3_SECRET_KEY: 's' }],
  ['S3_SECRET_KEY', readProcessorSettings, { S3_ACCESS_KEY: 'a' }],
  ['S3_SESSION_TOKEN', readProcessorSettings, { S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 's' }],
];

describe.each(SECRETS)('%s of %o', (name, read, beside) => {
  const faults = (env: Env) => faultsOf(read, { ...beside, ...env });

  it.each(['', '\n', '\r\n', '\n\n'])('comes from a file; %j at its end is not part of it', (end) => {
    const settings = read({ ...beside, [`${name}_FILE`]: file(SECRET + end) }) as Record<string, unknown>;
    expect(settings[name]).toEqual(name === 'INGRESS_TOKENS' ? [SECRET] : SECRET);
  });

  it('has one fault that names the setting and the path when its file is missing, empty or a folder', () => {
    const missing = join(tempDir(), 'missing');
    const folder = join(tempDir(), 'folder');
    mkdirSync(folder);
    for (const [path, reason] of [
      [missing, 'does not exist'],
      [file(''), 'is empty'],
      [file(' \n'), 'is empty'],
      [folder, 'is a folder'],
    ] as const) {
      expect(faults({ [`${name}_FILE`]: path })).toEqual([expect.stringContaining(`${name}_FILE (${path}): `)]);
      expect(faults({ [`${name}_FILE`]: path })[0]).toContain(reason);
    }
  });

  it('has one fault, without the secret, when it is set in both forms', () => {
    const path = file('Other-value');
    const found = faults({ [name]: SECRET, [`${name}_FILE`]: path });
    expect(found).toEqual([`${name} and ${name}_FILE (${path}): set only one of them`]);
  });
});

describe('a file of tokens', () => {
  it('separates them by commas or lines', () => {
    const path = file('one, two\nthree\r\n\n four,\n');
    expect(readIngressSettings({ INGRESS_TOKENS_FILE: path }).INGRESS_TOKENS).toEqual(['one', 'two', 'three', 'four']);
  });

  it('without a token does not open the ingress to anyone', () => {
    const env = { INGRESS_TOKENS_FILE: file(' ,\n,'), INGRESS_ALLOW_ANONYMOUS: 'true' };
    expect(faultsOf(readIngressSettings, env)).toEqual([expect.stringContaining('is empty')]);
  });

  it('with an unusable token has a fault that does not contain it', () => {
    const found = faultsOf(readIngressSettings, { INGRESS_TOKENS_FILE: file(`${SECRET} and spaces`) });
    expect(found).toEqual([expect.stringContaining('INGRESS_TOKENS')]);
    expect(found[0]).not.toContain(SECRET);
  });
});

it('an empty variable counts as unset', () => {
  expect(readIngressSettings({ INGRESS_TOKENS: 't', INGRESS_TOKENS_FILE: '' }).INGRESS_TOKENS).toEqual(['t']);
  const path = file('from-file');
  expect(readIngressSettings({ INGRESS_TOKENS: '', INGRESS_TOKENS_FILE: path }).INGRESS_TOKENS).toEqual(['from-file']);
});

it('a setting that is not secret has no file', () => {
  const env = { INGRESS_TOKENS: 't', SCHEMA_REGISTRY_USERNAME_FILE: file('user') };
  expect(readIngressSettings(env).SCHEMA_REGISTRY_USERNAME).toBe('');
});
