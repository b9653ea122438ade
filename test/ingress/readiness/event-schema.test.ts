import { expect, it } from 'vitest';
import { RegistryError } from '../../../infra/schema-registry/registry-errors.js';
import { SavedSchemaIds } from '../../../infra/schema-registry/saved-schema-ids.js';
import { eventSchema } from '../../../ingress/readiness/event-schema.js';
import { subjects, topicNames } from '../../../schemas/topics.js';
import { join } from 'node:path';
import { silent } from '../../support/stack-settings.js';
import { tempDir } from '../../support/temp-dir.js';

const subject = subjects(topicNames('')).events;

function start(file: string, answers: (number | undefined)[], url = 'http://registry') {
  const ids: number[] = [];
  let asked = 0;
  const schema = eventSchema({
    subject,
    saved: new SavedSchemaIds(file, url),
    logger: silent,
    onId: (id) => ids.push(id),
    registry: {
      ensureSubject: () => {
        const answer = answers[Math.min(asked++, answers.length - 1)];
        return answer === undefined
          ? Promise.reject(new RegistryError('unavailable', 'registry is down'))
          : Promise.resolve(answer);
      },
    },
  });
  return { schema, ids };
}

it('is the id that the registry gives, saved for the next start', async () => {
  const file = join(tempDir(), 'ids.json');
  const first = start(file, [7]);
  expect(await first.schema.obtain()).toBe(7);
  const restarted = start(file, [undefined, undefined, 7]);
  expect(await restarted.schema.obtain()).toBe(7);
  expect(restarted.ids).toEqual([7]);
});

it('follows the registry when it comes back with another id', async () => {
  const file = join(tempDir(), 'ids.json');
  await start(file, [7]).schema.obtain();
  const restarted = start(file, [undefined, 8]);
  await restarted.schema.obtain();
  expect(restarted.ids).toEqual([7, 8]);
});

it('uses no id of another registry', async () => {
  const file = join(tempDir(), 'ids.json');
  await start(file, [7]).schema.obtain();
  const elsewhere = start(file, [undefined, 3], 'http://other');
  await elsewhere.schema.obtain();
  expect(elsewhere.ids).toEqual([3]);
});
