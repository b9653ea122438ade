import { expect, it } from 'vitest';
import { isRescueEnabled } from '../../../infra/spool/rescue-settings.js';
import { readIngressSettings } from '../../../ingress/settings.js';

it.each([
  [{}, false],
  [{ S3_ENDPOINT: '' }, false],
  [{ S3_REGION: 'eu-west-1' }, false],
  [{ S3_ENDPOINT: 'https://s3.example.com' }, true],
  [{ S3_BUCKET: 'recordings' }, true],
  [{ S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' }, true],
  [{ INGRESS_RESCUE: 'true' }, true],
  [{ INGRESS_RESCUE: 'false', S3_ENDPOINT: 'https://s3.example.com' }, false],
])('is enabled by an object store, unless the setting says otherwise: %j', (env, expected) => {
  expect(isRescueEnabled(readIngressSettings({ INGRESS_TOKENS: 't', ...env }), env)).toBe(expected);
});

it('refuses another value', () => {
  expect(() => readIngressSettings({ INGRESS_TOKENS: 't', INGRESS_RESCUE: 'yes' })).toThrow('INGRESS_RESCUE');
});
