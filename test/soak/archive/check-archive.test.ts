import { expect, it } from 'vitest';
import { checkArchive, type ArchiveHistory, type FoundOutcome } from '../../../soak/archive/check-archive.js';

const AT = '2026-05-03T08:42:11.512Z';
const [SHA, OTHER_SHA] = ['a'.repeat(64), 'b'.repeat(64)];

const owed = { sessionId: 's-1', bytes: 100, sha256: SHA, isOwed: true, dueAt: Date.parse(AT) + 1_000 };
const object = {
  key: 'p/2026/05/03/s-1.wav',
  bytes: 100,
  sha256: SHA,
  metadata: { sha256: SHA, 'session-id': 's-1' },
};
const base = { sessionId: 's-1', timestamp: AT, projectId: 'p', readyAt: AT };
const stored = { bucket: 'b', key: object.key, bytes: 100, sha256: SHA, contentType: 'audio/wav', archivedAt: AT };
const archived: FoundOutcome = { event: 'recording.archived', ...base, ...stored };
const failed: FoundOutcome = { event: 'recording.failed', ...base, reason: 'expired' };

const sound: ArchiveHistory = {
  bucket: 'b',
  expected: [owed],
  objects: [object],
  outcomes: [archived],
  leftovers: [],
  leaks: [],
};

function kinds(changed: Partial<ArchiveHistory>): string[] {
  return checkArchive({ ...sound, ...changed }).map(({ kind }) => kind);
}

it('finds nothing if each recording is one object with matching outcomes, one or more', () => {
  expect(kinds({})).toEqual([]);
  expect(kinds({ outcomes: [archived, archived] })).toEqual([]);
  expect(kinds({ outcomes: [failed, archived] })).toEqual([]);
});

it('accepts a reported failure of a recording whose source was down', () => {
  const expected = [{ ...owed, isOwed: false }];
  expect(kinds({ expected, objects: [], outcomes: [failed] })).toEqual([]);
  expect(kinds({ expected, objects: [], outcomes: [] })).toEqual(['unreported']);
  expect(kinds({ expected, objects: [], outcomes: [archived] })).toEqual(['disagrees']);
});

it.each<[string, Partial<ArchiveHistory>]>([
  ['lost', { objects: [], outcomes: [failed] }],
  ['lost', { objects: [], outcomes: [] }],
  ['late', { expected: [{ ...owed, dueAt: Date.parse(AT) - 1 }] }],
  ['twice', { objects: [object, { ...object, key: 'p/2026/05/03/s-1.mp3' }] }],
  ['foreign', { objects: [object, { ...object, key: 'p/2026/05/03/s-2.wav' }] }],
  ['foreign', { objects: [object, { ...object, key: 'stray' }] }],
  ['foreign', { outcomes: [archived, { ...failed, sessionId: 's-2' }] }],
  ['unreported', { outcomes: [failed] }],
  ['reported lost', { outcomes: [archived, { ...failed, timestamp: '2026-05-03T08:42:30.000Z' }] }],
  ['reported lost', { outcomes: [{ ...failed, timestamp: '2026-05-03T08:42:30.000Z' }, archived] }],
  ['disagrees', { outcomes: [{ ...archived, sha256: OTHER_SHA }] }],
  ['disagrees', { outcomes: [archived, { ...archived, key: 'elsewhere' }] }],
  ['disagrees', { objects: [{ ...object, metadata: { ...object.metadata, sha256: OTHER_SHA } }] }],
  ['left over', { leftovers: ['spill/1.audio'] }],
  ['leaked', { leaks: ['archiver.log'] }],
])('finds a recording or file that is %s', (kind, changed) => {
  expect(kinds(changed)).toEqual([kind]);
});

it('finds missing bytes and wrong bytes', () => {
  expect(kinds({ objects: [{ ...object, bytes: 99, sha256: OTHER_SHA }] })).toContain('truncated');
  expect(kinds({ objects: [{ ...object, sha256: OTHER_SHA }] })).toContain('wrong bytes');
});
