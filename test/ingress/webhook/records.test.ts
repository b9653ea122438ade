import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deadLetterRecord, type RefusedBody } from '../../../ingress/webhook/dead-letter-record.js';
import { eventRecord } from '../../../ingress/webhook/event-record.js';
import { judgeBody } from '../../../ingress/webhook/judge-body.js';
import { RECORDING_READY } from './sample-events.js';

const RECEIVED_AT = '2026-05-03T08:42:12.000Z';

function recordOf(body: Buffer) {
  const verdict = judgeBody(body);
  if (verdict.kind !== 'event') throw new Error(verdict.kind);
  return eventRecord(verdict.event, body, RECEIVED_AT);
}

function deadLetterOf(body: Buffer) {
  return deadLetterRecord(judgeBody(body) as RefusedBody, body, RECEIVED_AT, '192.0.2.7');
}

describe('the record of an event', () => {
  const body = Buffer.from(JSON.stringify(RECORDING_READY));

  it('has the session as key, the sent bytes and the CloudEvents headers', () => {
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
    expect(recordOf(body)).toEqual({
      stream: 'events',
      key: RECORDING_READY.sessionId,
      body,
      headers: {
        ce_specversion: '1.0',
        ce_id: `${RECORDING_READY.sessionId}:recording.ready:${digest}`,
        ce_type: 'recording.ready',
        ce_source: '/ingress/pathors',
        ce_time: RECORDING_READY.timestamp,
        'received-at': RECEIVED_AT,
      },
    });
  });

  it('has the same id for the same bytes, and a different id for other bytes with the same timestamp', () => {
    const other = Buffer.from(JSON.stringify({ ...RECORDING_READY, projectId: 'project-2' }));
    expect(recordOf(Buffer.from(body)).headers['ce_id']).toBe(recordOf(body).headers['ce_id']);
    expect(recordOf(other).headers['ce_id']).not.toBe(recordOf(body).headers['ce_id']);
  });

  it('contains the link to the recording only in the body', () => {
    const { key, headers } = recordOf(body);
    expect(JSON.stringify({ key, headers })).not.toContain('secret');
  });
});

describe('the record of a dead letter', () => {
  it('has the received bytes, the reason, the time and the remote address', () => {
    const body = Buffer.from('{"sessionId":"s-1","event":"session.ended","recordingUrl":"https://secret"}');
    const { headers, ...record } = deadLetterOf(body);
    expect(record).toEqual({ stream: 'dead-letter', key: 's-1', body });
    expect(headers).toMatchObject({ reason: 'schema', 'received-at': RECEIVED_AT, 'remote-address': '192.0.2.7' });
    expect(headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: expect.stringMatching(/^s-1:session\.dead-letter:[0-9a-f]{16}$/) as string,
      ce_type: 'session.dead-letter',
      ce_source: '/ingress/pathors',
      ce_time: RECEIVED_AT,
    });
    expect(JSON.parse(headers['errors'] ?? '')).toContainEqual({ path: '/timestamp', message: 'is required' });
    expect(JSON.stringify(headers)).not.toContain('secret');
  });

  it.each([
    ['not_json', Buffer.from('{')],
    ['not_utf8', Buffer.from([0xff])],
  ])('has no key if the body has no readable session id: %s', (reason, body) => {
    const { key, headers } = deadLetterOf(body);
    expect(key).toBeNull();
    expect(headers['reason']).toBe(reason);
    expect(JSON.parse(headers['errors'] ?? '')).toHaveLength(1);
  });

  it('has headers of bounded size for any body', () => {
    const monster = {
      event: 'session.ended',
      sessionId: 'x'.repeat(10_000),
      timestamp: 'y'.repeat(100_000),
      messagesCount: '1',
    };
    const { headers } = deadLetterOf(Buffer.from(JSON.stringify(monster)));
    expect(JSON.stringify(headers).length).toBeLessThan(8_192);
  });
});
