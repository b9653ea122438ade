import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MisbehavingSource } from '../../../soak/archive/misbehaving-source.js';
import type { Behaviour, PlannedRecording } from '../../../soak/archive/recording-plan.js';
import { RecordingBytes } from '../../../lab/source/recording-bytes.js';

const LENGTH = 100_000;
const SOUND: Behaviour = { cuts: [], cutsBy: 'closing', resume: 'yes', refusals: [], downMs: [0, 0] };
let source: MisbehavingSource;

beforeEach(async () => {
  source = new MisbehavingSource(60_000);
  await source.start();
});

afterEach(() => source.stop());

function recording(behaviour: Partial<Behaviour>): PlannedRecording {
  const content = new RecordingBytes(1, LENGTH);
  const firstContent = behaviour.resume === 'replaced' ? new RecordingBytes(2, LENGTH) : content;
  const planned = { sessionId: 's', projectId: 'p', content, firstContent, redeliverAfterMs: undefined };
  return { ...planned, behaviour: { ...SOUND, ...behaviour } };
}

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

/** Downloads until the end or the cut. */
async function get(link: string, headers: Record<string, string> = {}) {
  const response = await fetch(link, { headers });
  const parts: Uint8Array[] = [];
  try {
    for await (const part of response.body ?? []) parts.push(part as Uint8Array);
  } catch {
    // Cut: return the bytes received so far.
  }
  return { status: response.status, etag: response.headers.get('etag'), body: Buffer.concat(parts) };
}

async function getRest(link: string, { body, etag }: { readonly body: Buffer; readonly etag: string | null }) {
  return get(link, { range: `bytes=${body.length}-`, 'if-range': etag ?? '' });
}

it('cuts a transfer and resumes it', async () => {
  const planned = recording({ cuts: [0.5] });
  const link = source.publish(planned);
  const first = await get(link);
  expect(first.body.length).toBe(LENGTH / 2);
  const rest = await getRest(link, first);
  expect(rest.status).toBe(206);
  expect(sha256(first.body, rest.body)).toBe(planned.content.sha256());
  expect(source.ledger.published[0]).toMatchObject({ transfers: 2, resumed: 1, cuts: 1, isServed: true });
});

it('announces that the bytes have changed after the cut', async () => {
  const planned = recording({ cuts: [0.5], resume: 'replaced' });
  const link = source.publish(planned);
  const second = await getRest(link, await get(link));
  expect(second.status).toBe(200);
  expect(sha256(second.body)).toBe(planned.content.sha256());
});

it('does not resume a transfer if the plan forbids it', async () => {
  const planned = recording({ cuts: [0.5], resume: 'no' });
  const link = source.publish(planned);
  const first = await get(link);
  expect(first.etag).toBeNull();
  expect(sha256((await getRest(link, { ...first, etag: '"first"' })).body)).toBe(planned.content.sha256());
});

it('refuses at first, goes down, and expires links', async () => {
  const link = source.publish(recording({ refusals: [500, 503] }));
  expect([(await get(link)).status, (await get(link)).status, (await get(link)).status]).toEqual([500, 503, 200]);
  source.goDown();
  await expect(get(link)).rejects.toThrow();
  source.comeBack();
  expect((await get(link)).status).toBe(200);
  await expect(get(source.publish(recording({ downMs: [0, 60_000] })))).rejects.toThrow();
  const shortLived = new MisbehavingSource(-1);
  await shortLived.start();
  expect((await get(shortLived.publish(recording({})))).status).toBe(403);
  shortLived.stop();
});
