import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { SchemaRegistryClient } from '../../../infra/schema-registry/client.js';
import { subjects, topicNames } from '../../../schemas/topics.js';
import { suiteEnv, suiteKafka } from '../../support/stack-settings.js';

const { settings } = suiteKafka(suiteEnv('registry'));
const client = (): SchemaRegistryClient => new SchemaRegistryClient(settings);
const fresh = () => subjects(topicNames(`registry-${randomUUID()}.`));

const levelOf = async (subject: string): Promise<unknown> =>
  (await fetch(`${settings.SCHEMA_REGISTRY_URL}/config/${subject}`)).json();

const post = (subject: string, schema: object) =>
  fetch(`${settings.SCHEMA_REGISTRY_URL}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'JSON', schema: JSON.stringify(schema) }),
  });

it('several processes at once register the same subjects, each with BACKWARD compatibility', async () => {
  for (let round = 0; round < 3; round += 1) {
    const ours = fresh();
    const ids = await Promise.all(Array.from({ length: 4 }, () => client().ensureSubjects(ours)));
    expect(new Set(ids.map((id) => JSON.stringify(id))).size).toBe(1);
    for (const { name } of Object.values(ours))
      expect(await levelOf(name)).toMatchObject({ compatibilityLevel: 'BACKWARD' });
  }
});

it('sets the level of a subject whose first registration was cut off', async () => {
  const ours = fresh();
  expect((await post(ours.complete.name, ours.complete.schema)).status).toBe(200);
  await client().ensureSubjects(ours);
  expect(await levelOf(ours.complete.name)).toMatchObject({ compatibilityLevel: 'BACKWARD' });
});

it('reports a schema that ours is not compatible with', async () => {
  const ours = fresh();
  const other = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { sessionId: { type: 'integer' } },
  };
  await post(ours.complete.name, other);
  await expect(client().ensureSubjects(ours)).rejects.toMatchObject({ name: 'RegistryError', kind: 'rejected' });
});
