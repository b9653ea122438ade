import { expect, it } from 'vitest';
import { readProcessorSettings } from '../../processor/settings.js';

it('the group has the prefix of the topics, unless it is set', () => {
  expect(readProcessorSettings({}).PROCESSOR_GROUP_ID).toBe('session-join');
  expect(readProcessorSettings({ TOPIC_PREFIX: 'blue.' }).PROCESSOR_GROUP_ID).toBe('blue.session-join');
  expect(readProcessorSettings({ TOPIC_PREFIX: 'blue.', PROCESSOR_GROUP_ID: 'mine' }).PROCESSOR_GROUP_ID).toBe('mine');
});
