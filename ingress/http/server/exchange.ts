import type { Answer } from './answer.js';
import type { HttpResponse } from './uws-loader.js';

/** Unread bodies up to this size are skipped to keep the connection; larger ones close it. */
const MAX_SKIPPED_BYTES = 65_536;

/** Asks clients that know this header not to reuse a connection after 5 s: uWebSockets.js closes it after 8 to 12 s. */
const KEEP_ALIVE = 'timeout=5';

/**
 * One request and its answer. After the answer or the end of the connection, further calls do nothing: uWebSockets.js forbids any use of
 * a response that is over.
 */
export class Exchange {
  private over = false;
  private closing = false;
  private isLast = false;
  private aborted: (() => void) | undefined;

  constructor(
    private readonly res: HttpResponse,
    private readonly isHead: boolean,
    /** Whether an answer now closes the connection. */
    private readonly closes: () => boolean,
    private readonly onOver: () => void,
  ) {
    res.onAborted(() => {
      this.end();
      this.aborted?.();
    });
  }

  /** Calls back when the connection ends before the answer. */
  onAborted(callback: () => void): void {
    this.aborted = callback;
  }

  /** Closes the connection with the answer, whatever that will be. */
  closeAfter(): void {
    this.isLast = true;
  }

  answer(answer: Answer): void {
    if (this.isLast) this.answerAndClose(answer);
    else if (!this.closing) this.write(answer, this.closes());
  }

  /**
   * Answers and closes the connection. Bytes behind this request are not interpreted as a request.
   *
   * Writes the answer in a later turn: when told to close, uWebSockets.js still parses the next request of the data it has received, but
   * if that request comes before the answer, it drops the connection.
   */
  answerAndClose(answer: Answer): void {
    if (this.closing) return;
    this.closing = true;
    setImmediate(() => this.write(answer, true));
  }

  /** Answers without reading the body. `bodyBytes` is `undefined` if its size is unknown. */
  answerUnread(answer: Answer, bodyBytes: number | undefined): void {
    if (bodyBytes === undefined || bodyBytes > MAX_SKIPPED_BYTES) this.answerAndClose(answer);
    else this.answer(answer);
  }

  private write({ statusLine, contentType, headers, body }: Answer, close: boolean): void {
    if (this.over) return;
    this.res.cork(() => {
      this.res.writeStatus(statusLine);
      this.res.writeHeader('Content-Type', contentType);
      for (const [name, value] of headers) this.res.writeHeader(name, value);
      if (!close) this.res.writeHeader('Keep-Alive', KEEP_ALIVE);
      if (this.isHead) this.endHead(body, close);
      else this.res.end(body, close);
    });
    this.end();
  }

  /**
   * Ends a response without a body. The variants of uWebSockets.js that take a length leave the response unfinished and drop the
   * connection at the next request.
   */
  private endHead(body: string, close: boolean): void {
    if (close) this.res.end('', true);
    else this.res.writeHeader('Content-Length', String(Buffer.byteLength(body))).endWithoutBody();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.onOver();
  }
}
