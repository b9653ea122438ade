import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../../infra/async/clock.js';
import { Pacer } from '../../lab/source/pacer.js';
import { headOf, startOf } from '../../lab/source/range-request.js';
import { sendBody } from '../../lab/source/send-body.js';
import type { PlannedRecording } from './recording-plan.js';
import { SourceLedger, type Published } from './source-ledger.js';

/** Maximum duration of an undisturbed transfer, as a share of a link's lifetime. */
const TRANSFER_SHARE = 1 / 20;
/** Minimum rate of a transfer, so that small recordings pass at once. */
const MIN_BYTES_PER_SECOND = 512 * 1024;
/** Part of every link. Nothing that the archiver writes may contain it. */
export const LINK_SECRET = `soak-${randomBytes(8).toString('hex')}`;

/**
 * Plays the vendor's download server on this machine. According to each recording's plan it cuts transfers, stalls, refuses or is down,
 * and it answers 403 after a link's lifetime.
 */
export class MisbehavingSource {
  readonly ledger: SourceLedger;
  private readonly server: Server;

  constructor(
    private readonly lifetimeMs: number,
    private readonly clock: Clock = systemClock,
  ) {
    this.ledger = new SourceLedger(clock);
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** `host:port`, as in `ARCHIVE_ALLOWED_HOSTS`. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Starts the lifetime of a recording's link and returns the link. */
  publish(recording: PlannedRecording): string {
    this.ledger.publish(recording);
    return `http://${this.host}/${this.ledger.published.length - 1}?signature=${LINK_SECRET}`;
  }

  /** Cuts all transfers and answers nobody until {@link comeBack}. */
  goDown(): void {
    this.ledger.goDown();
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
    const ageMs = entry === undefined ? Infinity : this.clock.now() - entry.at;
    if (entry === undefined || ageMs > this.lifetimeMs) {
      this.ledger.expired += 1;
      response.writeHead(403, { 'content-type': 'application/xml' }).end('<Error><Code>AccessDenied</Code></Error>');
      return;
    }
    const { refusals, downMs } = entry.recording.behaviour;
    if (this.ledger.isDown || (ageMs >= downMs[0] && ageMs < downMs[1])) {
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
    const transferSeconds = (this.lifetimeMs / 1000) * TRANSFER_SHARE;
    const pacer = new Pacer(Math.max(MIN_BYTES_PER_SECOND, length / transferSeconds), this.clock);
    const isSent = await sendBody(response, isReplaced ? content : firstContent, { start, end }, [pacer]);
    if (!isSent) return;
    if (end < length || cutAt !== undefined) {
      // Two owners may download at the same time. The plan cuts the second transfer as well.
      entry.cuts += 1;
      if (behaviour.cutsBy === 'closing') response.destroy();
      return;
    }
    response.end(() => (entry.isServed = true));
  }
}
