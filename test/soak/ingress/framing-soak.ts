import { once } from 'node:events';
import { connect } from 'node:net';
import type { IngressOnMemory } from '../../ingress/ingress-on-memory.js';
import { mutateRequest } from './mutate-requests.js';
import type { Random } from './random.js';
import { readStrictly } from './strict-http.js';

/** Number of occurrences of each observation. */
export type Tally = Map<string, number>;

/** A request after which the sink contains a body that it must not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/**
 * Sends one mutated request on a new connection, in one or two parts, and compares the stored bodies with those of a strict parser.
 * @throws Violation
 */
export async function runMutation(ingress: IngressOnMemory, random: Random, tally: Tally): Promise<void> {
  const bytes = mutateRequest(random);
  const { sink } = ingress;
  sink.records.length = 0;
  const received = await exchange(ingress.port, bytes, random.chance(30) ? random.below(bytes.length) : undefined);
  const stored = sink.records.map(({ body }) => body.toString('latin1'));
  const verdict = judge(bytes.toString('latin1'), stored);
  count(tally, verdict);
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status ?? '');
  if (statuses.length === 0) count(tally, 'closed without an answer');
  for (const status of statuses) count(tally, `answered ${status}`);
}

/** Classifies the stored bodies. @throws Violation */
function judge(sent: string, stored: readonly string[]): string {
  const { bodies, fault } = readStrictly(sent);
  let matched = 0;
  for (const body of bodies) if (stored[matched] === body) matched += 1;
  const beyond = stored.length - matched;
  if (beyond === 0) return stored.length === 0 ? 'nothing stored' : 'stored well-framed bodies';
  // A lenient end of chunks may yield one body, but nothing behind it.
  if (beyond === 1 && fault === 'chunks') return 'stored a body of lenient chunks';
  if (fault === 'nameless header' || fault === 'blank beyond ASCII') return `stored behind a ${fault}`;
  const shown = JSON.stringify({ sent, stored, strict: bodies, fault });
  throw new Violation(`stored a body that is not from a well-framed request: ${shown}`);
}

/** Sends the bytes and returns everything received until the connection was closed. */
async function exchange(port: number, bytes: Buffer, cutAt: number | undefined): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const closed = once(socket, 'close').catch(() => undefined);
  let received = '';
  socket.on('data', (data) => (received += data.toString('latin1')));
  await once(socket, 'connect');
  if (cutAt !== undefined) {
    socket.write(bytes.subarray(0, cutAt));
    // The server runs in the same event loop and has read the first part after two turns.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end(bytes.subarray(cutAt ?? 0));
  await closed;
  return received;
}

function count(tally: Tally, what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1);
}
