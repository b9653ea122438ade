import { connect, type Socket } from 'node:net';

/** The end of the head, and the length of the body: everything that a load generator needs to know of HTTP. */
const HEAD_END = Buffer.from('\r\n\r\n');
const NO_BODY: Buffer = Buffer.alloc(0);
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

const CONNECTION_CLOSE = /\r\nconnection: *close/i;

/**
 * A keep-alive connection that carries one request at a time. It reads nothing of an answer but its Content-Length and whether the server
 * closes the connection, so that the load costs a fraction of what it measures. If the server does, it opens another one.
 */
export class HttpConnection {
  private socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private onAnswer: ((status: number, body: Buffer) => void) | undefined;
  private broken = false;
  private isLastAnswer = false;
  private lastHead: Buffer = NO_BODY;
  private lastBytes = -1;
  private lastStatus = 0;

  constructor(
    private readonly port: number,
    private readonly onBroken: () => void,
    onOpen: () => void = () => undefined,
  ) {
    this.socket = this.open();
    this.socket.once('connect', onOpen);
  }

  /** @param done receives status and body; status 0 and no body when the connection broke before the answer was complete. */
  send(request: Buffer, done: (status: number, body: Buffer) => void): void {
    this.onAnswer = done;
    this.socket.write(request);
  }

  close(): void {
    this.broken = true;
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.received.length === 0 && this.isLikeLastAnswer(chunk)) {
      this.finish(this.lastStatus, chunk.subarray(this.lastHead.length));
      return;
    }
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.received.toString('latin1', 0, headEnd);
    const bodyBytes = Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0);
    const end = headEnd + HEAD_END.length + bodyBytes;
    if (this.received.length < end) return;
    const body = this.received.subarray(headEnd + HEAD_END.length, end);
    this.lastHead = this.received.subarray(0, headEnd + HEAD_END.length);
    this.lastBytes = end;
    this.lastStatus = Number(head.slice(9, 12));
    this.isLastAnswer = CONNECTION_CLOSE.test(head);
    this.received = this.received.subarray(end);
    this.finish(this.lastStatus, body);
  }

  /** Whether the chunk has the same head and length as the last answer: its body then ends in the same place. */
  private isLikeLastAnswer(chunk: Buffer): boolean {
    const { lastHead, lastBytes } = this;
    return chunk.length === lastBytes && chunk.compare(lastHead, 0, lastHead.length, 0, lastHead.length) === 0;
  }

  private finish(status: number, body: Buffer): void {
    const done = this.onAnswer;
    this.onAnswer = undefined;
    if (status !== 0 && this.isLastAnswer && !this.broken) this.reopen();
    done?.(status, body);
  }

  private open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    socket.on('data', (chunk) => this.receive(chunk));
    for (const event of ['error', 'close'] as const) {
      socket.on(event, () => {
        if (socket === this.socket) this.fail();
      });
    }
    return socket;
  }

  private reopen(): void {
    this.isLastAnswer = false;
    this.received = NO_BODY;
    this.lastBytes = -1;
    const finished = this.socket;
    this.socket = this.open();
    finished.destroy();
  }

  private fail(): void {
    if (this.broken) return;
    this.broken = true;
    this.finish(0, NO_BODY);
    this.onBroken();
  }
}
