import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeBody, type BodyVerdict } from '../../../ingress/webhook/judge-body.js';
import { head } from '../http/framing/framing-cases.js';
import { generatedBody } from './generated-bodies.js';
import { MAX_BODY_BYTES, startIngressOnMemory, type IngressOnMemory } from '../ingress-on-memory.js';
import { SESSION_ENDED } from './sample-events.js';
import { secondVerdict } from './second-judge.js';

// Full run: SOAK_BODIES=200000 npx vitest run --project unit test/ingress/webhook/json-differential.test.ts
const RUNS = Number(process.env['SOAK_BODIES'] ?? 2_000);

const STATUS = { event: 202, not_utf8: 400, not_json: 400, schema: 422, unknown_event: 422 };

let ingress: IngressOnMemory;
beforeAll(async () => {
  ingress = await startIngressOnMemory();
});
afterAll(() => ingress.close());

describe('a generated body', () => {
  it(
    `gets the verdict of a second implementation and the matching answer, and is stored unchanged, ${RUNS} times`,
    { timeout: 60_000 + RUNS * 10 },
    async () => {
      const connection = await ingress.connect();
      const verdicts: Partial<Record<BodyVerdict['kind'], number>> = {};
      const property = fc.asyncProperty(
        generatedBody.filter((body) => body.length <= MAX_BODY_BYTES),
        async (body) => {
          const kind = secondVerdict(body);
          verdicts[kind] = (verdicts[kind] ?? 0) + 1;
          const sent = Buffer.from(body);
          expect(judgeBody(body).kind).toBe(kind);
          ingress.sink.records.length = 0;
          const response = await connection.send(head(`Content-Length: ${sent.length}`), sent).response();
          expect(response?.status).toBe(STATUS[kind]);
          const [record, ...others] = ingress.sink.records;
          expect(others).toEqual([]);
          expect(record?.stream).toBe(kind === 'event' ? 'events' : 'dead-letter');
          expect(record?.body.equals(sent)).toBe(true);
        },
      );
      await fc.assert(property, { numRuns: RUNS });
      // The run proves something only if every verdict occurred.
      for (const kind of Object.keys(STATUS)) expect(verdicts, kind).toHaveProperty(kind);
      if (process.env['SOAK_BODIES'] !== undefined) console.info(RUNS, verdicts);
    },
  );
});

describe('a body nested as deeply as its maximum size allows', () => {
  const DEPTH = 170_000;
  const deep = (open: string, close: string) => `${open.repeat(DEPTH)}1${close.repeat(DEPTH)}`;
  const within = (name: string, text: string) => JSON.stringify({ ...SESSION_ENDED, [name]: '?' }).replace('"?"', text);

  it.each([
    ['arrays', deep('[', ']')],
    ['objects', deep('{"a":', '}')],
    ['an event with an unknown field', within('more', deep('[', ']'))],
    ['an event with variables', within('extractedVariables', deep('{"a":', '}'))],
    ['an event with a wrong variable', within('extractedVariables', deep('[', ']'))],
    ['a session id', within('sessionId', deep('[', ']'))],
    ['an event name', within('event', deep('[', ']'))],
    ['arrays without an end', '['.repeat(DEPTH)],
    ['objects without an end', '{"a":'.repeat(DEPTH)],
  ])('is judged without a crash: %s', (_name, text) => {
    const body = Buffer.from(text);
    expect(judgeBody(body).kind).toBe(secondVerdict(body));
  });
});
