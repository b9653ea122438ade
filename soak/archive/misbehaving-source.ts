import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pacer } from '../../lab/source/pacer.js';
import { headOf, startOf } from '../../lab/source/range-request.js';
import { sendBody } from '../../lab/source/send-body.js';
import type { PlannedRecording } from './recording-plan.js';
import { SourceLedger, type Published } from './source-ledger.js';

/** No transfer takes longer than this share of a link's life by itself; small ones pass at once. */
const TRANSFER_SHARE = 1 / 20;
const LEAST_RATE = 512 * 1024;
/** In every link; nothing that the archiver writes may hold it. */
export const LINK_SECRET = `soak-${randomBytes(8).toString('hex')}`;

/**
 * The vendor's download server on this machine, as its recordings' plans have it: cuts transfers, falls silent, refuses, is away, and
 * answers 403 after a link's life.
 */
export class MisbehavingSource {
  readonly ledger = new SourceLedger();
  private readonly server: Server;

  constructor(private readonly lifeMs: number) {
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** As `ARCHIVE_ALLOWED_HOSTS` takes it. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Its life begins; returns the link. */
  publish(recording: PlannedRecording): string {
    this.ledger.publish(recording);
    return `http://${this.host}/${this.ledger.published.length - 1}?signature=${LINK_SECRET}`;
  }

  /** Breaks off all transfers and answers nobody until {@link comeBack}. */
  goAway(): void {
    this.ledger.goAway();
    this.server.closeAllConnections();
  }

  comeBack(): void {
    this.ledger.comeBack();
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.ledger.published[Number(request.url?.slice(1).split('?', 1)[0])];
    const ageMs = entry === undefined ? Infinity : Date.now() - entry.at;
    if (entry === undefined || ageMs > this.lifeMs) {
      this.ledger.expired += 1;
      response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
      return;
    }
    const { refusals, downMs } = entry.recording.behaviour;
    if (this.ledger.isAway || (ageMs >= downMs[0] && ageMs < downMs[1])) {
      response.destroy();
      return;
    }
    const refusal = refusals[entry.refused];
    if (refusal === undefined) return this.transfer(entry, request, response);
    entry.refused += 1;
    response.writeHead(refusal, refusal === 503 ? { 'retry-after': '1' } : {}).end();
  }

  private async transfer(entry: Published, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { content, firstContent, behaviour } = entry.recording;
    const { length } = content;
    const isReplaced = entry.cuts > 0 && behaviour.resume === 'replaced';
    const etag = isReplaced ? '"second"' : '"first"';
    const start = behaviour.resume === 'no' ? 0 : startOf(request, etag, length);
    const { status, headers } = headOf(start, length, etag);
    if (behaviour.resume === 'no') delete headers['etag'];
    entry.transfers += 1;
    if (start > 0) entry.resumed += 1;
    response.writeHead(status, headers);
    const cutAt = behaviour.cuts[entry.cuts];
    const end = cutAt === undefined ? length : start + Math.max(1, Math.floor((length - start) * cutAt));
    const pacer = new Pacer(Math.max(LEAST_RATE, length / ((this.lifeMs / 1000) * TRANSFER_SHARE)));
    const isSent = await sendBody(response, isReplaced ? content : firstContent, { start, end }, [pacer]);
    if (!isSent) return;
    if (end < length || cutAt !== undefined) {
      // Two owners may be at it at the same time: the second is cut by the plan as well.
      entry.cuts += 1;
      if (behaviour.cutsBy === 'closing') response.destroy();
      return;
    }
    response.end(() => (entry.isServed = true));
  }
}
