import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JsonSchema } from '../../schemas/bundle.js';
import { subjects, topicNames, type Subject } from '../../schemas/topics.js';
import { suiteEnv } from '../support/stack-settings.js';

/** What each release registered, as one file of schemas by name. A release adds its own. */
const RELEASES = join(import.meta.dirname, 'released');
const releases = readdirSync(RELEASES).map((file) => ({
  release: file.replace('.json', ''),
  registered: JSON.parse(readFileSync(join(RELEASES, file), 'utf8')) as Record<string, JsonSchema>,
}));

const { events, complete, incomplete } = subjects(topicNames(''));
const current: readonly (readonly [string, Subject])[] = [
  ['session-event', events],
  ['session-complete', complete],
  ['session-incomplete', incomplete],
];

const { SCHEMA_REGISTRY_URL: registry } = suiteEnv('compatibility');

async function send(method: 'POST' | 'PUT', path: string, body: object): Promise<string> {
  const response = await fetch(`${registry}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.ok ? 'accepted' : `${response.status}: ${await response.text()}`;
}

const register = (subject: string, schema: JsonSchema) =>
  send('POST', `/subjects/${subject}/versions`, { schemaType: 'JSON', schema: JSON.stringify(schema) });

for (const { release, registered } of releases) {
  it.each(current)(`the registry accepts %s under BACKWARD after that of ${release}`, async (name, { schema }) => {
    const subject = randomUUID();
    expect(await register(subject, registered[name] ?? {})).toBe('accepted');
    expect(await send('PUT', `/config/${subject}`, { compatibility: 'BACKWARD' })).toBe('accepted');
    expect(await register(subject, schema)).toBe('accepted');
  });
}
