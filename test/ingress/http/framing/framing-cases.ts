import { expect, it } from 'vitest';
import { startIngressOnMemory, TOKEN } from '../../ingress-on-memory.js';
import type { RawConnection } from '../raw-connection.js';
import { SESSION_ENDED } from '../../webhook/sample-events.js';

export const EVENT = JSON.stringify(SESSION_ENDED);
export const REQUEST_LINE = 'POST /v1/webhooks/pathors HTTP/1.1';
export const AUTHORIZATION = `Authorization: Bearer ${TOKEN}`;
export const LENGTH = `Content-Length: ${EVENT.length}`;
export const CHUNKED = 'Transfer-Encoding: chunked';
export const LAST_CHUNK = '0\r\n\r\n';
const HIDDEN_BODY = '{"smuggled":true}';

/** The head of a webhook request with additional header lines. */
export const head = (...lines: string[]) => [REQUEST_LINE, 'Host: x', AUTHORIZATION, ...lines, '', ''].join('\r\n');
export const post = (body = EVENT) => head(`Content-Length: ${Buffer.byteLength(body)}`) + body;
export const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
export const get = (path: string, ...lines: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: x', ...lines, '', ''].join('\r\n');
/** A smuggled request. If it were parsed, it would be answered 422 and stored. */
export const HIDDEN = post(HIDDEN_BODY);

export type Expected = {
  /** Statuses of all answers, in order; `refusal`: at most one answer, 4xx or 5xx, chosen by uWebSockets.js. */
  readonly answers: readonly number[] | 'refusal';
  /** `waits`: the server waits for more of the same request, and closes the connection when its sender does. */
  readonly connection: 'open' | 'closed' | 'waits';
  readonly stored: readonly string[];
};

export const ACCEPTED: Expected = { answers: [202], connection: 'open', stored: [EVENT] };
export const ACCEPTED_LAST: Expected = { answers: [202], connection: 'closed', stored: [EVENT] };
/** Rejected by our code. */
export const REFUSED: Expected = { answers: [400], connection: 'closed', stored: [] };
/** Larger than our limit, but not than that of uWebSockets.js. */
export const HEAD_TOO_LARGE: Expected = { answers: [431], connection: 'closed', stored: [] };
/** Rejected by uWebSockets.js. */
export const REJECTED: Expected = { answers: 'refusal', connection: 'closed', stored: [] };
/** Accepted, followed by bytes that are not a request: the connection is closed, with or without an answer to the event. */
export const KEPT_AND_CLOSED: Expected = { answers: 'refusal', connection: 'closed', stored: [EVENT] };
export const WAITS: Expected = { answers: [], connection: 'waits', stored: [] };
export const answered = (status: number): Expected => ({ answers: [status], connection: 'open', stored: [] });

export type FramingCase = readonly [name: string, sent: string | Buffer, expected: Expected];

/** Sends each case at once, on a new connection. */
export function framingCases(cases: readonly FramingCase[]): void {
  it.each(cases)('%s', async (_name, sent, expected) => {
    const ingress = await startIngressOnMemory();
    try {
      const connection = await ingress.connect();
      connection.send(sent);
      await expectOutcome(connection, expected);
      expect(ingress.sink.records.map(({ body }) => body.toString())).toEqual(expected.stored);
      expect(ingress.budget.usedBytes).toBe(0);
    } finally {
      ingress.close();
    }
  });
}

async function expectOutcome(connection: RawConnection, { answers, connection: fate }: Expected): Promise<void> {
  if (fate === 'open') {
    for (const status of answers) expect(await connection.response()).toMatchObject({ status });
    // If this request gets the next answer, there was no other answer and no byte is left over.
    connection.send(get('/healthz'));
    expect(await connection.response()).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    return;
  }
  if (fate === 'waits') connection.finish();
  const statuses: number[] = [];
  for (let next = await connection.response(); next !== undefined; next = await connection.response()) {
    statuses.push(next.status);
  }
  expect(await connection.end()).toBe('');
  if (answers !== 'refusal') {
    expect(statuses).toEqual(answers);
    return;
  }
  expect(statuses.length).toBeLessThanOrEqual(1);
  for (const status of statuses) expect(status).toBeGreaterThanOrEqual(400);
}
