import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { commonSpecs } from '../../../infra/settings/common.js';
import { topicNames } from '../../../schemas/topics.js';
import { stopIngressPrograms } from '../../ingress/ingress-program.js';
import { TopicReader } from '../../ingress/topic-reader.js';
import { wav } from '../../processor/archive/recording/audio-samples.js';
import { FaultySource, whole } from '../../processor/archive/source/faulty-source.js';
import { neededAcls, type AclSection, type NeededAcl } from '../../support/acl-table.js';
import { startSecureKafka, type SecureKafka } from '../../support/secure-kafka.js';
import {
  type Admin,
  aclText,
  createTopics,
  grant,
  revoke,
  startAclSystem,
  usedAclText,
  type AclSystem,
} from './acl-system.js';

const TIMESTAMP = '2026-05-03T08:42:11.512Z';

let kafka: SecureKafka;
let admin: Admin;

beforeAll(async () => {
  kafka = await startSecureKafka();
  admin = kafka.admin.admin();
  await admin.connect();
});

afterAll(async () => {
  await stopIngressPrograms();
  await admin.disconnect();
  await kafka.stop();
});

/** A prefix and group of one test, so that its ACLs concern nobody else. */
function scope() {
  const id = randomUUID().slice(0, 8);
  const [prefix, group] = [`${id}.`, `${id}-join`];
  const acls = (...sections: AclSection[]) => sections.flatMap((section) => neededAcls(section, prefix, group));
  return { prefix, group, topics: topicNames(prefix), acls };
}

const base = (sessionId: string) => ({ sessionId, timestamp: TIMESTAMP, projectId: 'p-1' });
const state = { currentNodeId: 'n', messagesCount: 1, extractedVariables: {} };
const finalized = (sessionId: string) => ({
  ...base(sessionId),
  event: 'session.finalized',
  ...state,
  callStatus: 'userHangup',
  callDuration: 7,
});
const ready = (sessionId: string, recordingUrl: string) => ({
  ...base(sessionId),
  event: 'recording.ready',
  success: true,
  recordingUrl,
});
const ended = (sessionId: string) => ({ ...base(sessionId), event: 'session.ended', ...state });

/** Reads a topic as the administrator. */
async function reading(topic: string): Promise<TopicReader> {
  const reader = new TopicReader(kafka.admin, topic);
  await reader.start();
  onTestFinished(() => reader.stop());
  return reader;
}

const outcomeOf = (value: Buffer) =>
  (JSON.parse(value.subarray(5).toString()) as { recording?: { outcome?: string } }).recording?.outcome;

/** Makes the programs write to every topic once: one session joined and archived, one amended, one incomplete, two dead letters. */
async function exerciseAllTopics(system: AclSystem, source: FaultySource, prefix: string): Promise<void> {
  const topics = topicNames(prefix);
  const [complete, amended, incomplete, deadLetter] = await Promise.all(
    [topics.complete, topics.amended, topics.incomplete, topics.deadLetter].map(reading),
  );
  const link = (path: string) => source.serve(path, whole(wav(20_000)));
  expect(await system.post('not JSON')).toMatchObject({ status: 400 });
  expect(await system.post(ready('archived', link('/archived')))).toEqual({ status: 202, stored: 'kafka' });
  expect(await system.post(finalized('archived'))).toEqual({ status: 202, stored: 'kafka' });
  expect(await system.post(finalized('amended'))).toEqual({ status: 202, stored: 'kafka' });
  expect(await system.post(ended('incomplete'))).toEqual({ status: 202, stored: 'kafka' });
  // Without a schema id, the join can make nothing of it.
  const producer = kafka.admin.producer();
  await producer.connect();
  await producer.send({ topic: topics.events, messages: [{ key: 'broken', value: 'broken' }] });
  await producer.disconnect();

  const [archived] = (await complete?.until(1, ({ key }) => key === 'archived')) ?? [];
  expect(outcomeOf(archived?.value ?? Buffer.alloc(0))).toBe('archived');
  await complete?.until(1, ({ key }) => key === 'amended');
  await system.post(ready('amended', link('/amended')));
  await amended?.until(1, ({ key }) => key === 'amended');
  await incomplete?.until(1, ({ key }) => key === 'incomplete');
  await deadLetter?.until(2, () => true);
}

type Mode = {
  readonly mode: string;
  readonly sections: readonly AclSection[];
  readonly create: 'true' | 'false';
  /** An operation that the broker denies to all programs. */
  readonly denied?: string;
};

const MODES: readonly Mode[] = [
  {
    mode: 'topics made by a platform team',
    sections: ['Always', 'To check the topics'],
    create: 'false',
  },
  {
    mode: 'topics made by the programs',
    sections: ['Always', 'To check the topics', 'To create missing topics'],
    create: 'true',
  },
];
/** Programs that know `TOPIC_CREATE` also start without this right. */
const startsUnchecked = 'TOPIC_CREATE' in commonSpecs;
const UNCHECKED: Mode = {
  mode: 'without the rights to check the topics',
  sections: ['Always'],
  create: 'false',
  denied: 'DESCRIBE_CONFIGS',
};

describe.each(startsUnchecked ? [...MODES, UNCHECKED] : MODES)('$mode', ({ sections, create, denied }) => {
  test('the programs need every ACL of docs/permissions.md, and no other', { timeout: 180_000 }, async () => {
    const { prefix, group, acls } = scope();
    const granted = acls(...sections);
    await grant(admin, granted);
    if (create === 'false') await createTopics(admin, prefix);
    const source = await FaultySource.start();
    const settings = {
      ARCHIVE_ALLOWED_HOSTS: source.host,
      JOIN_RECORDING_GRACE_MS: '1000',
      JOIN_FINALIZE_TIMEOUT_MS: '1000',
      TOPIC_CREATE: create,
    };
    const system = await startAclSystem({ kafka, prefix, group, settings });
    await exerciseAllTopics(system, source, prefix);
    await Promise.all([system.ingress.signal('SIGTERM'), system.join.stop(), system.archive.stop()]);
    expect((await system.ingress.exited).code).toBe(0);

    const decisions = kafka
      .decisions()
      .filter(({ user, resource }) => user !== 'admin' && resource.includes(prefix.slice(0, -1)));
    const refused = decisions.filter(({ verdict, operation }) => verdict === 'Denied' && operation !== denied);
    expect(refused).toEqual([]);
    const used = new Set(decisions.filter(({ verdict }) => verdict === 'Allowed').map(usedAclText));
    expect([...used].sort()).toEqual(granted.map(aclText).sort());
  });
});

/** ACLs whose loss shows at run time, by user and topic, group or transactional id. */
const REVOKED: readonly (readonly [user: string, name: string, operation: string])[] = [
  ['ingress', 'session.events', 'Write'],
  ['ingress', 'session.events.dead-letter', 'Write'],
  ['join', 'session.events', 'Read'],
  ['join', 'session.complete', 'Write'],
  ['join', 'session.join.changelog', 'Write'],
  ['join', '-join', 'Read'],
  ['join', '-join-', 'Write'],
  ['archive', 'session.events', 'Read'],
  ['archive', 'session.events', 'Write'],
  ['archive', '-join-archive', 'Read'],
];

test('each ACL is missed while it is revoked, and nothing is lost once it is back', { timeout: 400_000 }, async () => {
  const { prefix, group, topics, acls } = scope();
  const granted = acls('Always', 'To check the topics');
  await grant(admin, granted);
  await createTopics(admin, prefix);
  const source = await FaultySource.start();
  const settings = { ARCHIVE_ALLOWED_HOSTS: source.host, TOPIC_CREATE: 'false' };
  const system = await startAclSystem({ kafka, prefix, group, settings });
  const [complete, deadLetter] = [await reading(topics.complete), await reading(topics.deadLetter)];

  for (const [index, [user, name, operation]] of REVOKED.entries()) {
    const acl = granted.find((each) => each.user === user && each.name.endsWith(name) && each.operation === operation);
    if (acl === undefined) throw new Error(`docs/permissions.md has no ${user} ${name} ${operation}`);
    const before = kafka.decisions().length;
    await revoke(admin, acl);
    const session = `session-${index}`;
    const answers = [
      await system.post(`not JSON ${index}`),
      await system.post(ready(session, source.serve(`/${session}`, whole(wav(20_000))))),
      await system.post(finalized(session)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 202, 202]);
    await vi.waitFor(
      () =>
        expect(
          kafka
            .decisions()
            .slice(before)
            .some((each) => each.user === user && each.verdict === 'Denied' && each.resource.includes(`:${acl.name}`)),
        ).toBe(true),
      { timeout: 60_000 },
    );
    await grant(admin, [acl]);
    const [joined] = await complete.until(1, ({ key }) => key === session);
    expect([acl, outcomeOf(joined?.value ?? Buffer.alloc(0))]).toEqual([acl, 'archived']);
    await deadLetter.until(1, ({ value }) => value.toString() === `not JSON ${index}`);
  }
  expect(complete.records.map(({ key }) => key)).toEqual(REVOKED.map((_, index) => `session-${index}`));
});

test('the page lists ACLs for each program', () => {
  const all = neededAcls('Always', '', 'g');
  expect(new Set(all.map(({ user }) => user))).toEqual(new Set(['ingress', 'join', 'archive']));
  expect(all).toContainEqual({
    user: 'join',
    resource: 'transactional id',
    name: 'g-',
    isPrefix: true,
    operation: 'Write',
  } satisfies NeededAcl);
});
