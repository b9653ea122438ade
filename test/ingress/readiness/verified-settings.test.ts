import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VerifiedSettings } from '../../../ingress/readiness/verified-settings.js';
import { tempDir } from '../../support/temp-dir.js';

it('remembers across processes with which settings Kafka was reached, and keeps no secret', async () => {
  const file = join(tempDir(), 'spool', 'kafka-settings.json');
  const before = new VerifiedSettings(file, 'user:secret');
  expect(await before.areVerified()).toBe(false);
  await before.mark();
  expect(await new VerifiedSettings(file, 'user:secret').areVerified()).toBe(true);
  expect(await new VerifiedSettings(file, 'user:other').areVerified()).toBe(false);
  expect(readFileSync(file, 'utf8')).not.toContain('secret');
});
